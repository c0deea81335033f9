#include "store/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace deadcalm::store {

model::Result<InstanceLock> InstanceLock::take(const std::string& store_path) {
  const std::string path = store_path + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return model::fail(model::ErrorKind::unavailable, "cannot create " + path + ": " + std::strerror(errno) +
                                                          "; check that the folder exists and that user id " +
                                                          std::to_string(::geteuid()) +
                                                          ", as which deadcalm runs, may write there");
  }
  InstanceLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    const ssize_t n = ::read(fd, holder.data(), holder.size() - 1);
    const std::string pid = n > 0 ? std::string(holder.data(), static_cast<std::size_t>(n)) : "unknown";
    return model::fail(model::ErrorKind::conflict, "another deadcalm (process " + pid + ") uses " +
                                                       store_path +
                                                       "; end it, or give this one a store.path of its own");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    return model::fail(model::ErrorKind::unavailable, "cannot write " + path + ": " + std::strerror(errno));
  }
  return lock;
}

InstanceLock& InstanceLock::operator=(InstanceLock&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

InstanceLock::~InstanceLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace deadcalm::store
