// Rejections: the tags that were dropped, each with its reason: a read-only map in byte order of
// the tags.
//
// Not a std::map: among 100,000 tags most are dropped, for a handful of reasons, and every event
// makes such a list anew. Here all text stands in one buffer, each reason once, and copies share it
// (from any thread, since nothing changes after building).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::policy {

class Rejections {
    struct Entry;
    struct Content;

public:
    using value_type = std::pair<std::string_view, std::string_view>;  // tag, reason

    // Makes its values while it goes, so it is an input iterator to older algorithms.
    class const_iterator {
    public:
        using value_type = Rejections::value_type;
        using difference_type = std::ptrdiff_t;
        using reference = value_type;
        using iterator_category = std::input_iterator_tag;
        struct pointer {
            value_type value;
            const value_type* operator->() const { return &value; }
        };

        const_iterator() = default;
        value_type operator*() const { return owner_->get(index_); }
        pointer operator->() const { return {**this}; }
        const_iterator& operator++() {
            ++index_;
            return *this;
        }
        const_iterator operator++(int) {
            auto old = *this;
            ++*this;
            return old;
        }
        friend bool operator==(const const_iterator& a, const const_iterator& b) {
            return a.index_ == b.index_;
        }

    private:
        friend class Rejections;
        const_iterator(const Rejections* owner, std::size_t index) : owner_{owner}, index_{index} {}
        const Rejections* owner_ = nullptr;
        std::size_t index_ = 0;
    };
    using iterator = const_iterator;

    Rejections() = default;
    Rejections(std::initializer_list<value_type> values);

    // Views live as long as any copy of this list.
    [[nodiscard]] const_iterator begin() const { return {this, 0}; }
    [[nodiscard]] const_iterator end() const { return {this, size()}; }
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] const_iterator find(std::string_view tag) const;
    [[nodiscard]] bool contains(std::string_view tag) const { return find(tag) != end(); }
    // Throws std::out_of_range for a tag that is not there.
    [[nodiscard]] std::string_view at(std::string_view tag) const;

    friend bool operator==(const Rejections& a, const Rejections& b);

    // Collects in any order; a tag that comes twice counts once.
    class Builder {
    public:
        Builder();
        // `rule` is the same text for all tags that it drops; `detail` is this tag's own.
        void add(std::string_view tag, std::string_view rule, std::string_view detail = {});
        template <class Predicate>
        void remove_if(Predicate predicate);
        Rejections build();

    private:
        std::size_t rule_index(std::string_view rule);
        std::shared_ptr<Content> content_;
        std::vector<std::string_view> known_rules_;  // as they were given, by address
    };

    // The rule that dropped most, and how many: (the first in byte order among equals).
    [[nodiscard]] std::pair<std::string_view, std::size_t> main_rule() const;

private:
    struct Entry {
        std::size_t tag = 0;  // offsets into text
        std::size_t reason = 0;
        std::uint32_t tag_size = 0;
        std::uint32_t reason_size = 0;
        std::uint32_t rule = 0;
    };
    struct Content {
        std::string text;
        std::vector<Entry> entries;
        std::vector<std::pair<std::size_t, std::size_t>> rules;  // offset and size in text
        [[nodiscard]] std::string_view tag(const Entry& e) const {
            return std::string_view{text}.substr(e.tag, e.tag_size);
        }
    };
    [[nodiscard]] value_type get(std::size_t index) const;
    std::shared_ptr<const Content> content_;
};

template <class Predicate>
void Rejections::Builder::remove_if(Predicate predicate) {
    std::erase_if(content_->entries, [&](const Entry& e) { return predicate(content_->tag(e)); });
}

}  // namespace linkspan::policy
