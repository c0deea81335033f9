#pragma once
// The text of one configuration file, kept so that faults can show the line they talk about.
#include <string>
#include <string_view>

namespace deadcalm::config {

struct Source {
  std::string file;  // as the user named it; used in "file:line:col"
  std::string text;  // UTF-8, without byte order mark

  // Line `number` (from 1) without its line end; empty past the last line. Scans from the start.
  std::string_view line(int number) const;
};

}  // namespace deadcalm::config
