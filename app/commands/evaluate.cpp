#include "app/commands/evaluate.h"

#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "evaluator/table.h"
#include "model/names.h"

namespace deadcalm::app {
namespace {

namespace json = boost::json;
using model::Signals;

// Longer lines are refused without being read into memory as a whole.
constexpr std::size_t kLongestLine = std::size_t{16} << 20;

// What is wrong with a line; empty if nothing is.
using Fault = std::string;

std::string listed(const std::string_view* words, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    text += words[i];
  }
  return text;
}

// A value as far as it is worth showing.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string safe;
  for (const char c : text.substr(0, kMost))
    safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return '"' + safe + (text.size() > kMost ? "...\"" : "\"");
}

template <class E>
Fault set(E& field, std::string_view key, std::string_view word) {
  const auto value = model::from_name<E>(word);
  if (value) {
    field = *value;
    return {};
  }
  const auto& words = model::Names<E>::values;
  return std::string(key) + " cannot be " + shown(word) + "; it is one of " +
         listed(words.data(), words.size());
}

Fault set_anchor(Signals& signals, std::string_view word) {
  if (word == "unknown") {  // none configured: counts as ok
    signals.anchor = model::Anchor::ok;
    return {};
  }
  const Fault fault = set(signals.anchor, "anchor", word);
  return fault.empty() ? fault : fault + ", unknown";
}

struct Key {
  std::string_view name;
  Fault (*set)(Signals&, std::string_view word);
};
constexpr std::array kKeys{
    Key{"write", [](Signals& s, std::string_view w) { return set(s.write, "write", w); }},
    Key{"read_back", [](Signals& s, std::string_view w) { return set(s.read_back, "read_back", w); }},
    Key{"sentinel", [](Signals& s, std::string_view w) { return set(s.sentinel, "sentinel", w); }},
    Key{"client", [](Signals& s, std::string_view w) { return set(s.client, "client", w); }},
    Key{"cache", [](Signals& s, std::string_view w) { return set(s.cache, "cache", w); }},
    Key{"age", [](Signals& s, std::string_view w) { return set(s.age, "age", w); }},
    Key{"lag", [](Signals& s, std::string_view w) { return set(s.lag, "lag", w); }},
    Key{"beacons", [](Signals& s, std::string_view w) { return set(s.beacons, "beacons", w); }},
    Key{"traffic", [](Signals& s, std::string_view w) { return set(s.traffic, "traffic", w); }},
    Key{"anchor", set_anchor},
};

Fault unknown_key(std::string_view key) {
  std::array<std::string_view, kKeys.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kKeys[i].name;
  const std::string_view near = model::closest_name(key, names);
  const std::string text = "unknown key " + shown(key);
  if (!near.empty()) return text + "; did you mean " + std::string(near) + "?";
  return text + "; the keys are " + listed(names.data(), names.size());
}

// The members of one line, as they arrive: Boost.JSON's tree would silently keep the last of two equal keys.
class Handler {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using Error = boost::system::error_code;

  Signals signals;
  Fault fault;  // the first

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    if (depth_ == 1) return other("an object");
    ++depth_;
    return true;
  }
  bool on_object_end(std::size_t, Error&) {
    --depth_;
    return true;
  }
  bool on_array_begin(Error&) { return other("a list"); }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, Error&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Error&) {
    key_.append(part.data(), part.size());
    std::size_t i = 0;
    while (i < kKeys.size() && kKeys[i].name != key_) ++i;
    if (i == kKeys.size()) return stop(unknown_key(key_));
    if (seen_[i]) return stop(key_ + " is given twice");
    seen_[i] = true;
    current_ = &kKeys[i];
    key_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Error&) {
    word_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Error&) {
    if (depth_ == 0) return other("a string");
    word_.append(part.data(), part.size());
    const std::string word = std::exchange(word_, {});
    Fault wrong = current_->set(signals, word);
    return wrong.empty() || stop(std::move(wrong));
  }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Error&) { return other("a number"); }
  bool on_uint64(std::uint64_t, json::string_view, Error&) { return other("a number"); }
  bool on_double(double, json::string_view, Error&) { return other("a number"); }
  bool on_bool(bool, Error&) { return other("true or false"); }
  bool on_null(Error&) { return other("null"); }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

 private:
  bool stop(Fault wrong) {
    if (fault.empty()) fault = std::move(wrong);
    return false;
  }
  // A value that is no string, or a line that is no object.
  bool other(const char* what) {
    if (depth_ == 0) return stop(std::string("expected an object, not ") + what);
    return stop(std::string(current_->name) + " must be a string, not " + what);
  }

  int depth_ = 0;
  std::string key_, word_;
  const Key* current_ = nullptr;
  std::array<bool, kKeys.size()> seen_{};
};

Fault parse(const std::string& line, Signals& signals) {
  json::basic_parser<Handler> parser({});
  boost::system::error_code error;
  const std::size_t used = parser.write_some(false, line.data(), line.size(), error);
  if (!parser.handler().fault.empty()) return parser.handler().fault;
  if (error) return "not JSON: " + error.message() + " at column " + std::to_string(used + 1);
  if (line.find_first_not_of(" \t\r", used) != std::string::npos) {
    return "not JSON: text after the object at column " + std::to_string(used + 1);
  }
  signals = parser.handler().signals;
  return {};
}

bool blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

// The next line without its end; what is too long is skipped, and `too_long` says so. False at the end.
bool next_line(std::istream& in, std::string& line, bool& too_long) {
  line.clear();
  too_long = false;
  std::streambuf* source = in.rdbuf();
  bool any = false;
  for (int c = source->sbumpc(); c != std::char_traits<char>::eof(); c = source->sbumpc()) {
    any = true;
    if (c == '\n') return true;
    if (line.size() < kLongestLine) {
      line += static_cast<char>(c);
    } else {
      too_long = true;
    }
  }
  return any;
}

void answer(const Signals& signals, std::ostream& out) {
  const evaluator::Ruling ruling = evaluator::rule(signals);
  out << R"({"verdict":")" << model::name(ruling.verdict) << R"(","masked":")" << model::name(ruling.masked)
      << R"(","row":)" << ruling.row << "}\n";
}

}  // namespace

int evaluate_command(std::istream& in, std::ostream& out, std::ostream& err) {
  int exit_code = 0;
  std::string line;
  bool too_long = false;
  for (std::size_t number = 1; next_line(in, line, too_long); ++number) {
    if (blank(line) && !too_long) continue;
    Signals signals;
    const Fault fault =
        too_long ? "longer than " + std::to_string(kLongestLine) + " bytes" : parse(line, signals);
    if (fault.empty()) {
      answer(signals, out);
      continue;
    }
    err << "line " << number << ": " << fault << '\n';
    exit_code = 2;
  }
  out.flush();
  return exit_code;
}

}  // namespace deadcalm::app
