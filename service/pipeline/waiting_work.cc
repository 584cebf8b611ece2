#include "service/pipeline/waiting_work.h"

namespace linkspan::pipeline {

std::vector<store::WorkItem> items_of(const std::vector<WaitingWork>& waiting) {
    std::vector<store::WorkItem> items;
    items.reserve(waiting.size());
    for (const auto& one : waiting) items.push_back(one.item);
    return items;
}

}  // namespace linkspan::pipeline
