#include "app/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace deadcalm::app {
namespace {

constexpr std::size_t kOfALook = 3;
constexpr std::size_t kOthers = 256;
constexpr std::size_t kFewest = 16;
constexpr std::size_t kMost = 100'000;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  rlimit raised = limit;
  raised.rlim_cur = limit.rlim_max;
  if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t looks_for(std::size_t descriptors) {
  const std::size_t left = descriptors > kOthers ? descriptors - kOthers : 0;
  return std::clamp(left / kOfALook, kFewest, kMost);
}

}  // namespace deadcalm::app
