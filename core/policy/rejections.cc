#include "core/policy/rejections.h"

#include "core/policy/prefix_sort.h"

#include <algorithm>
#include <stdexcept>

namespace linkspan::policy {

Rejections::Rejections(std::initializer_list<value_type> values) {
    Builder builder;
    for (const auto& [tag, reason] : values) builder.add(tag, reason);
    *this = builder.build();
}

std::size_t Rejections::size() const { return content_ ? content_->entries.size() : 0; }

Rejections::value_type Rejections::get(std::size_t index) const {
    const Entry& e = content_->entries[index];
    const std::string_view text = content_->text;
    return {text.substr(e.tag, e.tag_size), text.substr(e.reason, e.reason_size)};
}

Rejections::const_iterator Rejections::find(std::string_view tag) const {
    if (!content_) return end();
    const auto& entries = content_->entries;
    const auto at = std::lower_bound(
        entries.begin(),
        entries.end(),
        tag,
        [&](const Entry& e, std::string_view t) { return content_->tag(e) < t; }
    );
    if (at == entries.end() || content_->tag(*at) != tag) return end();
    return {this, static_cast<std::size_t>(at - entries.begin())};
}

std::string_view Rejections::at(std::string_view tag) const {
    const auto found = find(tag);
    if (found == end()) throw std::out_of_range{"tag was not rejected: " + std::string{tag}};
    return found->second;
}

bool operator==(const Rejections& a, const Rejections& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

std::pair<std::string_view, std::size_t> Rejections::main_rule() const {
    if (!content_) return {};
    const auto rule = [&](std::size_t i) {
        const auto& [offset, size] = content_->rules[i];
        return std::string_view{content_->text}.substr(offset, size);
    };
    std::vector<std::size_t> tally(content_->rules.size());
    for (const Entry& e : content_->entries) ++tally[e.rule];
    std::pair<std::string_view, std::size_t> best{};
    for (std::size_t i = 0; i < tally.size(); ++i) {
        const bool better =
            tally[i] > best.second || (tally[i] == best.second && rule(i) < best.first);
        if (tally[i] != 0 && better) best = {rule(i), tally[i]};
    }
    return best;
}

Rejections::Builder::Builder() : content_{std::make_shared<Content>()} {}

std::size_t Rejections::Builder::rule_index(std::string_view rule) {
    // A rule's text stays where it is while tags are dropped, so the address tells most at once.
    for (std::size_t i = 0; i < known_rules_.size(); ++i) {
        if (known_rules_[i].data() == rule.data() && known_rules_[i].size() == rule.size())
            return i;
    }
    for (std::size_t i = 0; i < known_rules_.size(); ++i) {
        const auto& [offset, size] = content_->rules[i];
        if (std::string_view{content_->text}.substr(offset, size) == rule) return i;
    }
    content_->rules.emplace_back(content_->text.size(), rule.size());
    content_->text += rule;
    known_rules_.push_back(rule);
    return known_rules_.size() - 1;
}

void Rejections::Builder::add(
    std::string_view tag, std::string_view rule, std::string_view detail
) {
    const std::size_t index = rule_index(rule);
    Content& c = *content_;
    Entry e;
    e.rule = static_cast<std::uint32_t>(index);
    e.tag = c.text.size();
    e.tag_size = static_cast<std::uint32_t>(tag.size());
    c.text += tag;
    std::size_t reason_size = rule.size();
    if (detail.empty()) {
        e.reason = c.rules[index].first;
    } else {
        e.reason = c.text.size();
        c.text += rule;
        c.text += detail;
        reason_size += detail.size();
    }
    e.reason_size = static_cast<std::uint32_t>(reason_size);
    c.entries.push_back(e);
}

Rejections Rejections::Builder::build() {
    Content& c = *content_;
    const auto less = [&](const Entry& a, const Entry& b) { return c.tag(a) < c.tag(b); };
    // Registries list by bytes, mostly.
    if (!std::is_sorted(c.entries.begin(), c.entries.end(), less)) {
        const CommonPrefix common{c.entries, [&](const Entry& e) { return c.tag(e); }};
        const auto order = prefix_sort(
            c.entries, [&](const Entry& e) { return common.next_bytes(c.tag(e)); }, less
        );
        std::vector<Entry> sorted;
        sorted.reserve(order.size());
        for (const Prefixed& item : order) sorted.push_back(c.entries[item.index]);
        c.entries.swap(sorted);
    }
    const auto same = [&](const Entry& a, const Entry& b) { return c.tag(a) == c.tag(b); };
    c.entries.erase(std::unique(c.entries.begin(), c.entries.end(), same), c.entries.end());
    Rejections out;
    out.content_ = std::exchange(content_, std::make_shared<Content>());
    known_rules_.clear();
    return out;
}

}  // namespace linkspan::policy
