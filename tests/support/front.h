#pragma once
// What stands between clients and the API: a real nginx or Varnish that serves stale on errors.
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class Nginx {
 public:
  // Keeps answers for a second and serves them stale on error, time-out and 5xx. Names its cache by
  // X-Cache-Status where `names_itself`.
  Nginx(std::uint16_t origin, bool names_itself);
  // From now on every answer is a day old copy: the CDN is stuck.
  void get_stuck();
  void work_again();
  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  void start(const std::string& valid);
  TempDir dir_;
  std::uint16_t origin_, port_;
  bool names_itself_;
  Process process_;
};

class Varnish {
 public:
  explicit Varnish(std::uint16_t origin);  // a second of life, an hour of grace
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  TempDir dir_;
  std::uint16_t port_;
  Process process_;
};

}  // namespace deadcalm::tests
