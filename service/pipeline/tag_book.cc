#include "service/pipeline/tag_book.h"

#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

policy::KnownTag to_policy(const store::KnownTag& known, bool times) {
    policy::KnownTag out;
    out.tag = known.tag;
    if (times) {
        out.created = known.created;
        out.first_seen = rfc3339(known.first_seen);
    }
    return out;
}

Result<std::shared_ptr<TagTable>> read_table(
    store::Store& store, const image::ImageName& image, bool times
) {
    auto table = std::make_shared<TagTable>();
    table->times = times;
    auto read = store.known_tags().each(image, [&](const store::KnownTag& known) {
        table->tags.push_back(to_policy(known, times));
        if (known.digest_seen) table->digest_seen.emplace(known.tag, *known.digest_seen);
    });
    if (read.has_error()) return read.error();
    return table;
}

struct Answer {
    std::vector<store::KnownTag> noted;
    std::optional<store::ListingState> listed;
    std::shared_ptr<TagTable> table;  // null: not read
};

Result<Answer> note_and_read(
    store::Store& store,
    const image::ImageName& image,
    const std::vector<TagNote>& notes,
    bool read,
    bool times
) {
    Answer answer;
    for (const auto& note : notes) {
        auto status =
            store.known_tags().note_tag(image, note.tag, note.digest, note.created, note.at);
        if (status.has_error()) return status.error();
        LINKSPAN_TRY(known, store.known_tags().find(image, note.tag));
        if (known) answer.noted.push_back(std::move(*known));
    }
    LINKSPAN_TRY(listed, store.known_tags().listing_state(image));
    answer.listed = listed;
    if (read) {
        LINKSPAN_TRY(table, read_table(store, image, times));
        answer.table = std::move(table);
    }
    return answer;
}

}  // namespace

std::optional<store::TimePoint> TagTable::seen(std::string_view tag) const {
    const auto found = digest_seen.find(std::string{tag});
    return found == digest_seen.end() ? std::nullopt : std::optional{found->second};
}

asio::awaitable<Result<TagPage>> TagBook::open(
    image::ImageName image, bool times, std::vector<TagNote> notes
) {
    const std::string name = image.str();
    auto shared = std::make_shared<const std::vector<TagNote>>(std::move(notes));
    for (bool first = true;; first = false) {
        const Entry* entry = look_up(name);
        const bool read = entry == nullptr || (times && !entry->table->times);
        // Notes are written once; the second round is for a table that went meanwhile.
        std::function<Result<Answer>(store::Store&)> work =
            [image, shared, first, read, times](store::Store& store) {
                static const std::vector<TagNote> none;
                return note_and_read(store, image, first ? *shared : none, read, times);
            };
        auto answer = co_await in_store<Answer>(writer_, std::move(work));
        if (answer.has_error()) co_return answer.error();
        if (answer->table) put(name, std::move(answer->table));
        for (const auto& known : answer->noted) apply(name, known);
        if (Entry* found = look_up(name); found != nullptr && (found->table->times || !times)) {
            TagPage page{.table = found->table, .listed = answer->listed};
            // Larger than all that may be held: for this reader alone.
            if (held_ > most_tags_) drop(name);
            co_return page;
        }
    }
}

asio::awaitable<Result<std::optional<store::KnownTag>>> TagBook::find(
    image::ImageName image, image::Tag tag
) {
    std::function<Result<std::optional<store::KnownTag>>(store::Store&)> work =
        [image = std::move(image), tag = std::move(tag)](store::Store& store) {
            return store.known_tags().find(image, tag);
        };
    co_return co_await in_store<std::optional<store::KnownTag>>(writer_, std::move(work));
}

asio::awaitable<Status> TagBook::forget(image::ImageName image, image::Tag tag) {
    std::function<Result<bool>(store::Store&)> work = [image, tag](store::Store& store) {
        return store.known_tags().forget_tag(image, tag);
    };
    auto gone = co_await in_store<bool>(writer_, std::move(work));
    if (gone.has_error()) co_return gone.error();
    Entry* entry = look_up(image.str());
    if (entry == nullptr) co_return Status{};
    TagTable& table = own(*entry);
    held_ -= std::erase_if(table.tags, [&](const auto& known) { return known.tag == tag.str(); });
    table.digest_seen.erase(tag.str());
    co_return Status{};
}

asio::awaitable<Result<store::ListingChange>> TagBook::keep_listing(
    image::ImageName image,
    std::shared_ptr<const std::vector<std::string>> tags,
    store::TimePoint at,
    bool complete,
    std::function<Status(store::Store&)> also
) {
    std::function<Result<store::ListingChange>(store::Store&)> work =
        [image, tags, at, complete, also = std::move(also)](store::Store& store
        ) -> Result<store::ListingChange> {
        LINKSPAN_TRY(change, store.known_tags().replace_listing(image, *tags, at, complete));
        if (also) {
            if (auto status = also(store); status.has_error()) return status.error();
        }
        return std::move(change);
    };
    auto change = co_await in_store<store::ListingChange>(writer_, std::move(work));
    // Read again when it is wanted, unless the list brought nothing.
    if (change.has_error() || !change->added.empty() || change->removed > 0) drop(image.str());
    co_return change;
}

asio::awaitable<Result<std::size_t>> TagBook::forget_missing(
    image::ImageName image,
    std::shared_ptr<const std::vector<std::string>> tags,
    store::TimePoint at
) {
    std::function<Result<std::size_t>(store::Store&)> work = [image, tags, at](store::Store& store
                                                             ) {
        return store.known_tags().forget_missing(image, *tags, at);
    };
    auto gone = co_await in_store<std::size_t>(writer_, std::move(work));
    if (gone.has_error() || *gone > 0) drop(image.str());
    co_return gone;
}

TagBook::Entry* TagBook::look_up(const std::string& image) {
    const auto found = by_image_.find(image);
    if (found == by_image_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front();
}

void TagBook::put(const std::string& image, std::shared_ptr<TagTable> table) {
    drop(image);
    held_ += table->tags.size();
    entries_.push_front({.image = image, .table = std::move(table)});
    by_image_[image] = entries_.begin();
    while (held_ > most_tags_ && entries_.size() > 1) drop(std::string{entries_.back().image});
}

void TagBook::drop(const std::string& image) {
    const auto found = by_image_.find(image);
    if (found == by_image_.end()) return;
    held_ -= found->second->table->tags.size();
    entries_.erase(found->second);
    by_image_.erase(found);
}

TagTable& TagBook::own(Entry& entry) {
    if (entry.table.use_count() > 1) entry.table = std::make_shared<TagTable>(*entry.table);
    return *entry.table;
}

void TagBook::apply(const std::string& image, const store::KnownTag& known) {
    Entry* entry = look_up(image);
    if (entry == nullptr) return;
    const auto place = [&known](std::vector<policy::KnownTag>& tags) {
        return std::lower_bound(
            tags.begin(),
            tags.end(),
            known.tag,
            [](const policy::KnownTag& a, const std::string& b) { return a.tag < b; }
        );
    };
    auto fresh = to_policy(known, entry->table->times);
    const auto at = place(entry->table->tags);
    const bool there = at != entry->table->tags.end() && at->tag == known.tag;
    const auto seen = entry->table->digest_seen.find(known.tag);
    const bool same_digest = seen == entry->table->digest_seen.end()
                                 ? !known.digest_seen
                                 : known.digest_seen && seen->second == *known.digest_seen;
    const bool same_times =
        there && at->created == fresh.created && at->first_seen == fresh.first_seen;
    if (there && same_digest && same_times) return;
    TagTable& table = own(*entry);
    const auto mine = place(table.tags);
    if (there) {
        *mine = std::move(fresh);
    } else {
        table.tags.insert(mine, std::move(fresh));
        ++held_;
    }
    if (known.digest_seen) {
        table.digest_seen[known.tag] = *known.digest_seen;
    } else {
        table.digest_seen.erase(known.tag);
    }
}

}  // namespace linkspan::pipeline
