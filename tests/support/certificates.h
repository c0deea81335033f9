#pragma once
// A certificate authority of the test's own.
#include <string>

#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

class Authority {
 public:
  Authority();  // throws when openssl is not installed

  std::string ca_file() const { return dir_.file("ca.pem"); }
  // Makes <folder>/<name>.pem and .key for "DNS:localhost,IP:127.0.0.1" or whatever `names` says; with
  // -1 day one that has expired (openssl takes no less).
  void issue(const std::string& folder, const std::string& name, const std::string& names,
             int days = 2) const;

 private:
  TempDir dir_;
};

}  // namespace deadcalm::tests
