// Filter: TagFilter, compiled: which tags are looked at, and which text of each is compared.
// Private to core/policy.
#pragma once

#include "core/policy/pattern.h"
#include "core/policy/policy.h"
#include "core/policy/reading.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {

class Filter {
public:
    // Errors: InvalidInput; the message begins with the key ("tags.pattern: …", "tags.allow[1]:
    // …"). Where the filter is a Narrowing's, `from` names it in reasons.
    static Result<Filter> compile(const TagFilter& filter, std::string_view from = {});

    // Every rule, in this order: attachment tags, the grammar of tags, allow, ignore, pattern,
    // extract. The text is a view of `tag`, or of this filter's own store: it lives as long as
    // both. Not const, and one thread at a time, for that store.
    Reading<std::string_view> read(std::string_view tag);
    // Pattern and extract alone: for a tag that runs already, whatever the lists say now.
    Reading<std::string_view> extract(std::string_view tag);

private:
    struct Entry {
        std::unique_ptr<re2::RE2> pattern;
        std::string reason;  // where it drops a tag
    };
    std::vector<Entry> allow_;
    std::vector<Entry> ignore_;
    std::unique_ptr<re2::RE2> pattern_;
    std::optional<Template> template_;
    std::string no_match_;
    std::string not_allowed_;
    std::vector<re2::StringPiece> submatches_;
    std::deque<std::string> expanded_;
};

// The policy's own filter, and then those of its narrowings. Like a Filter otherwise.
class Filters {
public:
    // Errors: those of Filter; a narrowing's file stands in front.
    static Result<Filters> compile(const Policy& policy);
    Reading<std::string_view> read(std::string_view tag);

private:
    Filter own_;
    std::vector<Filter> also_;
};

}  // namespace linkspan::policy
