// on_all_cores(): a loop whose rounds know nothing of each other, on the cores there are.
#pragma once

#include <cstddef>
#include <functional>

namespace linkspan::runtime {

// Calls work(0) … work(count - 1), each once, in any order, and returns when all have ended. A few
// rounds are not worth a thread. What work() throws ends the process.
void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace linkspan::runtime
