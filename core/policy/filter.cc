#include "core/policy/filter.h"

#include "core/image/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace linkspan::policy {

Result<Filter> Filter::compile(const TagFilter& filter, std::string_view from) {
    Filter out;
    const std::string whose = from.empty() ? std::string{} : std::string{from} + ": ";
    out.not_allowed_ = whose + "no entry of tags.allow names it";
    const auto compile_list = [&](const std::vector<std::string>& list,
                                  std::string_view key,
                                  std::vector<Entry>& entries) -> Status {
        for (std::size_t i = 0; i < list.size(); ++i) {
            auto pattern = compile_entry(list[i]);
            if (pattern.has_error()) return pattern.error().within(fmt::format("{}[{}]", key, i));
            entries.push_back(
                {std::move(*pattern),
                 fmt::format("{}{} names it: {}", whose, key, image::quote(list[i]))}
            );
        }
        return {};
    };
    if (const Status allow = compile_list(filter.allow, "tags.allow", out.allow_);
        allow.has_error()) {
        return allow.error();
    }
    if (const Status ignore = compile_list(filter.ignore, "tags.ignore", out.ignore_);
        ignore.has_error()) {
        return ignore.error();
    }
    if (filter.pattern.empty()) {
        if (filter.extract.empty()) return out;
        return Error{
            Errc::InvalidInput,
            "tags.extract: there is no tags.pattern whose groups it could name"};
    }
    auto pattern = compile_pattern(filter.pattern);
    if (pattern.has_error()) return pattern.error().within("tags.pattern");
    out.pattern_ = std::move(*pattern);
    out.no_match_ =
        fmt::format("{}does not match tags.pattern {}", whose, image::quote(filter.pattern));
    if (!filter.extract.empty()) {
        auto parsed = Template::parse(filter.extract, *out.pattern_);
        if (parsed.has_error()) return parsed.error().within("tags.extract");
        out.template_ = std::move(*parsed);
        out.submatches_.resize(static_cast<std::size_t>(out.template_->groups()));
    }
    return out;
}

Reading<std::string_view> Filter::read(std::string_view tag) {
    if (image::is_attachment_tag(tag)) {
        return unread("a signature, attestation or referrers tag, not an image");
    }
    if (!image::Tag::is_valid(tag)) return unread("not a valid tag");
    const auto names = [&](const Entry& entry) { return matches(*entry.pattern, tag); };
    if (!allow_.empty() && std::none_of(allow_.begin(), allow_.end(), names)) {
        return unread(not_allowed_);
    }
    const auto ignored = std::find_if(ignore_.begin(), ignore_.end(), names);
    if (ignored != ignore_.end()) return unread(ignored->reason);
    return extract(tag);
}

Reading<std::string_view> Filter::extract(std::string_view tag) {
    if (!pattern_) return tag;
    if (!template_) {
        if (!matches(*pattern_, tag)) return unread(no_match_);
        return tag;
    }
    const bool matched = pattern_->Match(
        {tag.data(), tag.size()},
        0,
        tag.size(),
        re2::RE2::UNANCHORED,
        submatches_.data(),
        static_cast<int>(submatches_.size())
    );
    if (!matched) return unread(no_match_);
    std::string_view text;
    if (const int group = template_->only_group(); group >= 0) {
        const re2::StringPiece& piece = submatches_[static_cast<std::size_t>(group)];
        text = {piece.data(), piece.size()};
    } else {
        template_->expand(submatches_, expanded_.emplace_back());
        text = expanded_.back();
    }
    if (text.empty()) return unread("tags.extract gives an empty text");
    return text;
}

Result<Filters> Filters::compile(const Policy& policy) {
    Filters out;
    LINKSPAN_TRY(own, Filter::compile(policy.tags));
    out.own_ = std::move(own);
    for (const Narrowing& narrowing : policy.also) {
        auto filter = Filter::compile(narrowing.tags, narrowing.from);
        if (filter.has_error()) return filter.error().within(narrowing.from);
        out.also_.push_back(std::move(*filter));
    }
    return out;
}

Reading<std::string_view> Filters::read(std::string_view tag) {
    auto text = own_.read(tag);
    if (text.has_error()) return text;
    for (Filter& filter : also_) {
        const auto more = filter.read(tag);
        if (more.has_error()) return more.error();
    }
    return text;
}

}  // namespace linkspan::policy
