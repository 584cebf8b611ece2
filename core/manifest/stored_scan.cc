#include "core/manifest/stored_scan.h"

#include <cstdint>
#include <optional>
#include <utility>

namespace linkspan::manifest {
namespace {

// Rises when the layout below changes.
constexpr char kFormat = 1;

class Out {
public:
    void number(std::uint64_t value) {
        while (value >= 0x80) {
            bytes_ += static_cast<char>(value | 0x80U);
            value >>= 7U;
        }
        bytes_ += static_cast<char>(value);
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_ += value;
    }
    void byte(char value) { bytes_ += value; }
    template <class E>
    void choice(E value) {
        number(static_cast<std::uint64_t>(value));
    }
    void flag(bool value) { byte(value ? '\1' : '\0'); }
    void span(const ByteSpan& value) {
        number(value.begin);
        number(value.end - value.begin);
    }
    template <class T, class Write>
    void list(const std::vector<T>& items, Write write) {
        number(items.size());
        for (const T& item : items) write(item);
    }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

// After the first thing that is wrong everything reads as empty, and ok() says so.
class In {
public:
    explicit In(std::string_view bytes) : rest_{bytes} {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 63; shift += 7) {
            if (rest_.empty()) break;
            const auto c = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= std::uint64_t{c & 0x7FU} << shift;
            if (c < 0x80) {
                // One way to write a number: no zeros in front.
                if (c == 0 && shift > 0) break;
                return value;
            }
        }
        return fail(), 0;
    }
    std::string text() {
        const std::uint64_t size = number();
        if (size > rest_.size()) return fail(), std::string{};
        std::string out{rest_.substr(0, size)};
        rest_.remove_prefix(size);
        return out;
    }
    char byte() {
        if (rest_.empty()) return fail(), '\0';
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    template <class E>
    E choice(E last) {
        const std::uint64_t value = number();
        if (value > static_cast<std::uint64_t>(last)) return fail(), E{};
        return static_cast<E>(value);
    }
    bool flag() {
        const char c = byte();
        if (c != '\0' && c != '\1') fail();
        return c == '\1';
    }
    ByteSpan span() {
        const std::uint64_t begin = number();
        const std::uint64_t size = number();
        return {begin, begin + size};
    }
    // Every item has a byte at least, so the count can't ask for much.
    template <class T, class Read>
    void list(std::vector<T>& out, Read read) {
        const std::uint64_t count = number();
        if (count > rest_.size()) return fail();
        for (std::uint64_t i = 0; i < count && ok_; ++i) out.push_back(read());
    }
    void fail() {
        ok_ = false;
        rest_ = {};
    }

private:
    std::string_view rest_;
    bool ok_ = true;
};

void write(Out& out, const Scalar& s) {
    out.choice(s.role);
    out.span(s.span);
    out.choice(s.style);
    out.text(s.value);
    out.number(s.line);
    out.number(s.column);
    out.number(s.indent);
    // One by one: GCC 12 with sanitizers takes every flag of an array for set.
    std::uint64_t bits = 0;
    if (s.json) bits |= 1U;
    if (s.flow) bits |= 2U;
    if (s.tagged) bits |= 4U;
    if (s.text) bits |= 8U;
    if (s.embedded) bits |= 16U;
    if (s.part) bits |= 32U;
    out.number(bits);
    out.byte(s.quote);
    if (s.part) out.span(*s.part);
}

Scalar read_scalar(In& in) {
    Scalar s;
    s.role = in.choice(Role::TagDigest);
    s.span = in.span();
    s.style = in.choice(ScalarStyle::Folded);
    s.value = in.text();
    s.line = in.number();
    s.column = in.number();
    s.indent = in.number();
    const std::uint64_t bits = in.number();
    if (bits > 63) in.fail();
    s.json = (bits & 1U) != 0;
    s.flow = (bits & 2U) != 0;
    s.tagged = (bits & 4U) != 0;
    s.text = (bits & 8U) != 0;
    s.embedded = (bits & 16U) != 0;
    s.quote = in.byte();
    if ((bits & 32U) != 0) {
        s.part = in.span();
        if (s.part->end > s.value.size()) in.fail();
    }
    return s;
}

void write(Out& out, const Insertion& i) {
    out.choice(i.role);
    out.number(i.at);
    out.number(i.line);
    out.text(i.key);
    out.text(i.before);
    out.text(i.after);
    out.flag(i.flow);
    out.flag(i.json);
    out.byte(i.style);
    out.byte(i.quote);
}

Insertion read_insertion(In& in) {
    Insertion i;
    i.role = in.choice(Role::TagDigest);
    i.at = in.number();
    i.line = in.number();
    i.key = in.text();
    i.before = in.text();
    i.after = in.text();
    i.flow = in.flag();
    i.json = in.flag();
    i.style = in.byte();
    i.quote = in.byte();
    return i;
}

void write(Out& out, const Place& p) {
    out.choice(p.kind);
    out.number(p.document);
    out.text(p.where);
    out.list(p.scalars, [&](const Scalar& s) { write(out, s); });
    out.text(p.image ? p.image->str() : std::string{});
    out.text(p.policy);
    out.text(p.object);
    out.list(p.alias_lines, [&](std::size_t line) { out.number(line); });
    out.list(p.insertions, [&](const Insertion& i) { write(out, i); });
    out.list(p.removals, [&](const Removal& r) {
        out.choice(r.role);
        out.span(r.span);
        out.text(r.key);
    });
}

Place read_place(In& in) {
    Place p;
    p.kind = in.choice(PlaceKind::Field);
    p.document = in.number();
    p.where = in.text();
    in.list(p.scalars, [&] { return read_scalar(in); });
    if (const std::string name = in.text(); !name.empty()) {
        auto image = image::ImageName::parse(name);
        if (image && image->str() == name) {
            p.image = std::move(*image);
        } else {
            in.fail();
        }
    }
    p.policy = in.text();
    p.object = in.text();
    in.list(p.alias_lines, [&] { return std::size_t{in.number()}; });
    in.list(p.insertions, [&] { return read_insertion(in); });
    in.list(p.removals, [&] {
        Removal r;
        r.role = in.choice(Role::TagDigest);
        r.span = in.span();
        r.key = in.text();
        return r;
    });
    return p;
}

}  // namespace

std::string to_bytes(const Scan& scan) {
    Out out;
    out.byte(kFormat);
    out.list(scan.places, [&](const Place& p) { write(out, p); });
    out.list(scan.problems, [&](const Problem& p) {
        out.number(p.line);
        out.text(p.message);
    });
    out.flag(scan.skipped.has_value());
    if (scan.skipped) out.text(*scan.skipped);
    return out.take();
}

Result<Scan> scan_from_bytes(std::string_view bytes) {
    In in{bytes};
    Scan scan;
    if (in.byte() != kFormat) in.fail();
    in.list(scan.places, [&] { return read_place(in); });
    in.list(scan.problems, [&] {
        Problem p;
        p.line = in.number();
        p.message = in.text();
        return p;
    });
    if (in.flag()) scan.skipped = in.text();
    if (!in.ok() || !in.at_end()) {
        return Error{Errc::Corrupt, "kept places that are not as they were written"};
    }
    return scan;
}

}  // namespace linkspan::manifest
