#include "exporter/text_page.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <iterator>

namespace deadcalm::exporter {
namespace {

void escape(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

void number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (value == std::floor(value) && std::abs(value) < 1e15) {
    fmt::format_to(std::back_inserter(out), "{}", static_cast<long long>(value));
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);  // the shortest text that reads back as the same
  }
}

}  // namespace

void TextPage::family(std::string_view name, std::string_view help, Kind kind) {
  name_ = name;
  help_ = help;
  kind_ = kind;
  headed_ = false;
}

void TextPage::sample(std::initializer_list<Label> labels, double value) {
  if (!headed_) {
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name_, help_, name_,
                   kind_ == Kind::gauge ? "gauge" : "counter");
    headed_ = true;
  }
  text_ += name_;
  char before = '{';
  for (const Label& label : labels) {
    text_ += before;
    text_ += label.name;
    text_ += "=\"";
    escape(text_, label.value);
    text_ += '"';
    before = ',';
  }
  if (labels.size() > 0) text_ += '}';
  text_ += ' ';
  number(text_, value);
  text_ += '\n';
}

}  // namespace deadcalm::exporter
