#include "core/manifest/event_stream.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <istream>
#include <streambuf>
#include <utility>

namespace linkspan::manifest {

namespace {

constexpr std::size_t kLargestText = std::size_t{17} << 20U;
constexpr std::size_t kMostEvents = 4'000'000;

// Stops a parse from inside the handler; never leaves this file.
struct Stop : std::exception {
    explicit Stop(Error e) : error{std::move(e)} {}
    Error error;
};

class MemoryBuffer : public std::streambuf {
public:
    explicit MemoryBuffer(std::string_view text) {
        // streambuf takes char*, and nothing here writes.
        char* begin = const_cast<char*>(text.data());
        setg(begin, begin, begin + text.size());
    }
};

class Handler : public YAML::EventHandler {
public:
    Handler(std::size_t limit, const std::function<Status(const Event&)>& visit)
        : limit_{limit}, visit_{visit} {}

    void OnDocumentStart(const YAML::Mark& mark) override { emit(EventKind::DocumentStart, mark); }
    void OnDocumentEnd() override { emit(EventKind::DocumentEnd); }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        emit(EventKind::Null, mark, anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        emit(EventKind::Alias, mark, anchor);
    }
    void OnScalar(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        const std::string& value
    ) override {
        emit(EventKind::Scalar, mark, anchor, tag, value);
    }
    void OnSequenceStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value style
    ) override {
        emit(EventKind::SequenceStart, mark, anchor, tag, {}, style);
    }
    void OnSequenceEnd() override { emit(EventKind::SequenceEnd); }
    void OnMapStart(
        const YAML::Mark& mark,
        const std::string& tag,
        YAML::anchor_t anchor,
        YAML::EmitterStyle::value style
    ) override {
        emit(EventKind::MapStart, mark, anchor, tag, {}, style);
    }
    void OnMapEnd() override { emit(EventKind::MapEnd); }

private:
    void emit(EventKind kind) {
        Event event;
        event.kind = kind;
        take(event);
    }

    void emit(
        EventKind kind,
        const YAML::Mark& mark,
        YAML::anchor_t anchor = 0,
        std::string_view tag = {},
        std::string_view value = {},
        YAML::EmitterStyle::value style = YAML::EmitterStyle::Default
    ) {
        Event event;
        event.kind = kind;
        event.style = static_cast<std::uint8_t>(style);
        event.anchor = static_cast<std::uint32_t>(anchor);
        event.line = static_cast<std::uint32_t>(std::max(mark.line, 0));
        event.at = static_cast<std::uint32_t>(std::max(mark.pos, 0));
        event.tag = tag;
        event.value = value;
        take(event);
    }

    void take(const Event& event) {
        if (++events_ > limit_) throw Stop{Error{Errc::Corrupt, "too many values to check"}};
        if (auto status = visit_(event); !status) throw Stop{status.error()};
    }

    std::size_t limit_;
    std::size_t events_ = 0;
    const std::function<Status(const Event&)>& visit_;
};

}  // namespace

bool same(const Event& a, const Event& b) {
    return a.kind == b.kind && a.style == b.style && a.anchor == b.anchor && a.tag == b.tag &&
           a.value == b.value;
}

Status follow(
    std::string_view text,
    std::string_view context,
    const std::function<Status(const Event&)>& visit
) {
    if (text.size() > kLargestText) return Error{Errc::Corrupt, "too large to check"};
    // The most events for a byte: "[" and its end.
    Handler handler{std::min(kMostEvents, 4 * text.size() + 64), visit};
    MemoryBuffer buffer{text};
    std::istream stream{&buffer};
    try {
        YAML::Parser parser{stream};
        while (parser.HandleNextDocument(handler)) {
        }
        return {};
    } catch (const Stop& stop) {
        return stop.error;
    } catch (const YAML::Exception& e) {
        return Error{
            Errc::Corrupt, fmt::format("line {}: {}: {}", e.mark.line + 1, context, e.msg)};
    }
}

Result<Events> Events::read(std::string_view text, std::string_view context) {
    Events out;
    out.stored_.reserve(text.size() / 16);
    const auto status = follow(text, context, [&](const Event& e) -> Status {
        // Tags may be expanded by a directive to more than they are written with.
        if (out.arena_.size() + e.tag.size() + e.value.size() > 8 * kLargestText) {
            return Error{Errc::Corrupt, "too large to check"};
        }
        out.stored_.push_back(
            {e.kind,
             e.style,
             e.anchor,
             e.line,
             e.at,
             static_cast<std::uint32_t>(out.arena_.size()),
             static_cast<std::uint32_t>(e.tag.size()),
             static_cast<std::uint32_t>(e.value.size())}
        );
        out.arena_ += e.tag;
        out.arena_ += e.value;
        return {};
    });
    if (!status) return status.error();
    return out;
}

Event Events::operator[](std::size_t i) const {
    const Stored& s = stored_[i];
    const std::string_view arena{arena_};
    Event out;
    out.kind = s.kind;
    out.style = s.style;
    out.anchor = s.anchor;
    out.line = s.line;
    out.at = s.at;
    out.tag = arena.substr(s.begin, s.tag);
    out.value = arena.substr(s.begin + s.tag, s.value);
    return out;
}

}  // namespace linkspan::manifest
