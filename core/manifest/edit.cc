#include "core/manifest/edit.h"

#include "core/image/quote.h"
#include "core/manifest/spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace linkspan::manifest {

namespace {

using image::ImageName;
using policy::DigestMode;

constexpr std::string_view kDockerHub = "docker.io/";

// Without the line: who asks names the file and the line.
Error conflict(const Place& place, std::string_view why) {
    return Error{Errc::Conflict, fmt::format("{}: {}", place.where, why)};
}

// Docker Hub's short form: "nginx", "acme/app".
std::string familiar(const ImageName& name) {
    std::string out = name.str();
    if (!out.starts_with(kDockerHub)) return out;
    out.erase(0, kDockerHub.size());
    if (out.starts_with("library/") && out.find('/', 8) == std::string::npos) out.erase(0, 8);
    return out;
}

// The name as it stays written, or the new name when the place is to name another image: short for
// Docker Hub unless the old one spells the host out.
std::string written_name(std::string_view old, const ImageName& wanted) {
    const auto parsed = ImageName::parse(old);
    if (parsed && *parsed == wanted) return std::string{old};
    const bool spelled = parsed && familiar(*parsed) != old;
    return spelled && parsed->host() == "docker.io" ? wanted.str() : familiar(wanted);
}

std::pair<std::string_view, std::string_view> split_at(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) return {text, {}};
    return {text.substr(0, at), text.substr(at + 1)};
}

class Editor {
public:
    Editor(std::string_view bytes, const Place& place, const Wanted& wanted)
        : bytes_{bytes}, place_{place}, wanted_{wanted} {}

    Result<std::vector<Edit>> edits() {
        if (place_.scalars.empty()) return conflict(place_, "the place holds no value");
        if (place_.kind != PlaceKind::Marker && place_.image && *place_.image != wanted_.image) {
            return conflict(
                place_, fmt::format("names {}, not {}", place_.image->str(), wanted_.image.str())
            );
        }
        Status status;
        const bool alone = place_.scalars.size() == 1 && place_.insertions.empty() &&
                           place_.scalars.front().role != Role::Name;
        status =
            alone || place_.kind == PlaceKind::Marker ? single(place_.scalars.front()) : parts();
        if (!status) return status.error();
        return std::move(edits_);
    }

private:
    // "tag", "tag@digest": what a tag becomes, given the digest that stands beside it now.
    Result<std::string> digest_beside(std::string_view old_tag, std::string_view old_digest) const {
        const bool known = wanted_.digest.has_value();
        switch (wanted_.digest_mode) {
            case DigestMode::Never:
                return std::string{};
            case DigestMode::Pin:
                if (known) return wanted_.digest->str();
                break;
            case DigestMode::Keep:
                if (old_digest.empty()) return std::string{};
                if (known) return wanted_.digest->str();
                break;
        }
        if (old_digest.empty()) return std::string{};
        // The digest is what runs: another tag beside the old digest would be a lie.
        if (old_tag == wanted_.tag.str()) return std::string{old_digest};
        return conflict(
            place_,
            fmt::format("pins a digest, and the digest of tag {} is not known", wanted_.tag.str())
        );
    }

    Status single(const Scalar& scalar) {
        const std::string_view core = core_of(scalar);
        switch (scalar.role) {
            case Role::Reference:
                return reference(scalar, core);
            case Role::Name:
                return change(scalar, written_name(core, wanted_.image));
            case Role::Registry:
                return {};
            case Role::Tag:
            case Role::TagDigest:
                return tag(scalar, core);
            case Role::Digest:
                if (!wanted_.digest) return {};
                return change(scalar, wanted_.digest->str());
        }
        return {};
    }

    Status reference(const Scalar& scalar, std::string_view core) {
        const auto written = image::parse_written(core);
        if (!written) {
            // A marker on a value that names nothing yet.
            std::string value = familiar(wanted_.image) + ":" + wanted_.tag.str();
            if (wanted_.digest && wanted_.digest_mode == DigestMode::Pin) {
                value += "@" + wanted_.digest->str();
            }
            return change(scalar, value);
        }
        LINKSPAN_TRY(digest, digest_beside(written->tag, written->digest));
        std::string value = written_name(written->name, wanted_.image);
        // "name@digest" keeps its form: whoever wrote it wants no tag there.
        const bool digest_only = written->tag.empty() && !written->digest.empty() &&
                                 !digest.empty() && place_.kind != PlaceKind::Marker;
        if (!digest_only) value += ":" + wanted_.tag.str();
        if (!digest.empty()) value += "@" + digest;
        return change(scalar, value);
    }

    // A tag alone, or tag@digest in one scalar.
    Status tag(const Scalar& scalar, std::string_view core) {
        const auto [old_tag, old_digest] = split_at(core);
        if (scalar.role == Role::TagDigest) {
            std::string value = wanted_.tag.str();
            if (wanted_.digest && wanted_.digest_mode != DigestMode::Never) {
                value += "@" + wanted_.digest->str();
            } else {
                LINKSPAN_TRY(digest, digest_beside(old_tag, old_digest));
                if (!digest.empty()) value += "@" + digest;
            }
            return change(scalar, value);
        }
        // A digest of its own beside the tag has a scalar of its own.
        if (old_digest.empty()) return change(scalar, wanted_.tag.str());
        LINKSPAN_TRY(digest, digest_beside(old_tag, old_digest));
        return change(
            scalar, digest.empty() ? wanted_.tag.str() : wanted_.tag.str() + "@" + digest
        );
    }

    [[nodiscard]] const Scalar* find(Role role) const {
        const auto it =
            std::find_if(place_.scalars.begin(), place_.scalars.end(), [&](const Scalar& s) {
                return s.role == role;
            });
        return it == place_.scalars.end() ? nullptr : &*it;
    }

    // An entry with name, tag and digest in scalars of their own, some of them not there.
    Status parts() {
        const Scalar* tag_scalar = find(Role::Tag);
        const Scalar* digest_scalar = find(Role::Digest);
        const std::string_view old = tag_scalar ? core_of(*tag_scalar) : std::string_view{};
        const std::string_view old_tag = split_at(old).first;
        const std::string_view inner_digest = split_at(old).second;
        const std::string_view own_digest =
            digest_scalar ? core_of(*digest_scalar) : std::string_view{};
        const std::string_view old_digest = own_digest.empty() ? inner_digest : own_digest;
        LINKSPAN_TRY(digest, digest_beside(old_tag, old_digest));

        // A digest alone stays alone, as long as there is one.
        const bool digest_only = old_tag.empty() && !old_digest.empty() && !digest.empty();
        if (!digest_only) {
            const bool inside = !inner_digest.empty() && !digest.empty();
            const std::string value = inside ? wanted_.tag.str() + "@" + digest : wanted_.tag.str();
            if (auto status = tag_scalar ? change(*tag_scalar, value) : insert(Role::Tag, value);
                !status) {
                return status;
            }
        }
        if (digest.empty()) {
            return own_digest.empty() ? Status{} : remove(Role::Digest, *digest_scalar);
        }
        if (digest_scalar != nullptr) return change(*digest_scalar, digest);
        if (!inner_digest.empty()) return {};
        // Where there is no key for it, the tag holds it.
        if (find_insertion(Role::Digest) == nullptr && tag_scalar != nullptr) {
            edits_.clear();
            return change(*tag_scalar, wanted_.tag.str() + "@" + digest);
        }
        return insert(Role::Digest, digest);
    }

    Result<Edit> edit_of(const Scalar& scalar) const {
        if (scalar.span.begin > scalar.span.end || scalar.span.end > bytes_.size()) {
            return conflict(place_, "the file is not the one that was scanned");
        }
        Edit edit;
        edit.span = scalar.span;
        edit.expected = bytes_.substr(scalar.span.begin, scalar.span.size());
        edit.line = scalar.line;
        edit.old_value = scalar.value;
        edit.embedded = scalar.embedded;
        edit.text = scalar.text && !scalar.embedded;
        return edit;
    }

    Status change(const Scalar& scalar, const std::string& core) {
        if (core_of(scalar) == core) return {};
        LINKSPAN_TRY(edit, edit_of(scalar));
        auto spelled = respell(edit.expected, scalar, core);
        if (!spelled) return conflict(place_, spelled.error().message);
        edit.replacement = std::move(*spelled);
        edit.new_value = with_core(scalar, core);
        edits_.push_back(std::move(edit));
        return {};
    }

    [[nodiscard]] const Insertion* find_insertion(Role role) const {
        const auto it = std::find_if(
            place_.insertions.begin(),
            place_.insertions.end(),
            [&](const Insertion& i) { return i.role == role; }
        );
        return it == place_.insertions.end() ? nullptr : &*it;
    }

    Status insert(Role role, const std::string& value) {
        const Insertion* slot = find_insertion(role);
        if (slot == nullptr) {
            return conflict(
                place_,
                fmt::format(
                    "there is no safe spot for a new {} here: write one by hand, then it is kept "
                    "up to date",
                    role == Role::Tag ? "tag" : "digest"
                )
            );
        }
        if (slot->at > bytes_.size()) {
            return conflict(place_, "the file is not the one that was scanned");
        }
        const std::string text =
            slot->before + spell(value, slot->style, slot->json ? '"' : slot->quote, slot->flow) +
            slot->after;
        // Two keys behind the same one are one edit: their order is not left to who applies it.
        if (!edits_.empty() && !edits_.back().added.empty() &&
            edits_.back().span.begin == slot->at) {
            edits_.back().replacement += text;
            edits_.back().added.push_back({slot->key, value});
            return {};
        }
        Edit edit;
        edit.span = {slot->at, slot->at};
        edit.replacement = text;
        edit.line = slot->line;
        edit.new_value = value;
        edit.added.push_back({slot->key, value});
        edits_.push_back(std::move(edit));
        return {};
    }

    Status remove(Role role, const Scalar& scalar) {
        const auto it =
            std::find_if(place_.removals.begin(), place_.removals.end(), [&](const Removal& r) {
                return r.role == role;
            });
        if (it == place_.removals.end()) {
            // Charts read an empty digest as none.
            if (place_.kind == PlaceKind::HelmImage) return change(scalar, {});
            return conflict(place_, "the digest can't be taken out here: remove it by hand");
        }
        LINKSPAN_TRY(edit, edit_of(scalar));
        if (it->span.begin > it->span.end || it->span.end > bytes_.size()) {
            return conflict(place_, "the file is not the one that was scanned");
        }
        edit.span = it->span;
        edit.expected = bytes_.substr(it->span.begin, it->span.size());
        edit.removed = it->key;
        edits_.push_back(std::move(edit));
        return {};
    }

    std::string_view bytes_;
    const Place& place_;
    const Wanted& wanted_;
    std::vector<Edit> edits_;
};

}  // namespace

Result<std::vector<Edit>> edits_for(
    std::string_view bytes, const Place& place, const Wanted& wanted
) {
    return Editor{bytes, place, wanted}.edits();
}

Result<std::string> apply(std::string_view bytes, std::span<const Edit> edits) {
    std::vector<const Edit*> order;
    order.reserve(edits.size());
    for (const Edit& edit : edits) order.push_back(&edit);
    std::stable_sort(order.begin(), order.end(), [](const Edit* a, const Edit* b) {
        return a->span < b->span;
    });
    std::string out;
    out.reserve(bytes.size() + 64 * edits.size());
    std::size_t at = 0;
    const Edit* last = nullptr;
    for (const Edit* edit : order) {
        if (last != nullptr && *last == *edit) continue;
        if (edit->span.begin > edit->span.end || edit->span.end > bytes.size() ||
            bytes.substr(edit->span.begin, edit->span.size()) != edit->expected) {
            return Error{
                Errc::Conflict,
                fmt::format(
                    "line {}: the file has changed since the edit was planned", edit->line
                )};
        }
        if (edit->span.begin < at) {
            return Error{
                Errc::InvalidInput,
                fmt::format("line {}: two edits of the same bytes", edit->line)};
        }
        out += bytes.substr(at, edit->span.begin - at);
        out += edit->replacement;
        at = edit->span.end;
        last = edit;
    }
    out += bytes.substr(at);
    return out;
}

Named named(const Place& place) {
    Named out;
    for (const Scalar& scalar : place.scalars) {
        const std::string_view core = core_of(scalar);
        switch (scalar.role) {
            case Role::Reference:
                if (const auto written = image::parse_written(core)) {
                    out.tag = written->tag;
                    if (!written->digest.empty()) out.digest = written->digest;
                }
                break;
            case Role::Tag:
            case Role::TagDigest: {
                const auto [tag, digest] = split_at(core);
                out.tag = tag;
                if (!digest.empty()) out.digest = digest;
                break;
            }
            case Role::Digest:
                if (!core.empty()) out.digest = core;
                break;
            case Role::Name:
            case Role::Registry:
                break;
        }
    }
    return out;
}

}  // namespace linkspan::manifest
