#pragma once
// Fills in what a text refers to:
//   ${NAME}             an environment variable; it must be set
//   ${file:/run/x}      a file without its trailing line end; a relative path starts at base_dir
//   ${canary.token}     and other run-time names: kept, where the field allows them
//   $$                  a dollar sign. A $ before anything but { or $ stays as it is ($1, $.data)
// Pure but for Environment::read_file.
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.h"
#include "config/template.h"

namespace deadcalm::config {

struct Problem {
  std::string message, hint;
};

struct Expanded {
  Template text;
  std::vector<Problem> problems;     // unknown or missing names; the text leaves them out
  std::vector<std::string> fetched;  // values that came from outside: to be masked in logs
};

Expanded expand(std::string_view text, const RunTimeNames& allowed, const Environment& environment,
                const std::string& base_dir);

// Does `text` refer to anything, so that it is no secret by itself?
bool has_reference(std::string_view text);

// The names in ${...}, in order; a reference left open counts to the end.
std::vector<std::string_view> references(std::string_view text);

// `file` as seen from `base_dir`, unless it is absolute.
std::string resolve(const std::string& file, const std::string& base_dir);

// The file without its trailing line end.
model::Result<std::string> read_secret_file(const std::string& path, const Environment& environment);

}  // namespace deadcalm::config
