#pragma once
// One daemon per store: two would plant under the same names and page twice.
#include <string>
#include <utility>

#include "model/error.h"

namespace deadcalm::store {

// Holds an advisory lock on <path>.lock while it lives; the system frees it when the process dies.
class InstanceLock {
 public:
  // conflict: another daemon holds it (the message names its process id).
  static model::Result<InstanceLock> take(const std::string& store_path);
  InstanceLock(InstanceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  InstanceLock& operator=(InstanceLock&& other) noexcept;
  ~InstanceLock();

 private:
  explicit InstanceLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace deadcalm::store
