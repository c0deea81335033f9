#include "tests/support/certificates.h"

#include <fstream>
#include <stdexcept>

#include "tests/support/process.h"

namespace deadcalm::tests {
namespace {

void openssl(std::vector<std::string> words) {
  words.insert(words.begin(), "openssl");
  if (run_command(words) != 0) throw std::runtime_error("openssl " + words[1] + " failed");
}

const std::vector<std::string> kNewKey{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"};

std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), kNewKey.begin(), kNewKey.end());
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

Authority::Authority() {
  openssl(joined({"req", "-x509"}, {"-days", "3", "-subj", "/CN=deadcalm test CA", "-keyout",
                                    dir_.file("ca.key"), "-out", dir_.file("ca.pem")}));
}

void Authority::issue(const std::string& folder, const std::string& name, const std::string& names,
                      int days) const {
  const std::string base = folder + '/' + name;
  openssl(joined({"req"}, {"-subj", "/CN=deadcalm test", "-keyout", base + ".key", "-out", base + ".csr"}));
  std::ofstream(base + ".ext") << "subjectAltName=" << names;
  openssl({"x509", "-req", "-in", base + ".csr", "-CA", dir_.file("ca.pem"), "-CAkey", dir_.file("ca.key"),
           "-CAcreateserial", "-days", std::to_string(days), "-extfile", base + ".ext", "-out",
           base + ".pem"});
}

}  // namespace deadcalm::tests
