#include "config/faults.h"

#include <algorithm>

#include "model/names.h"

namespace deadcalm::config {
namespace {

constexpr std::size_t kShown = 100;  // faults; more helps nobody
constexpr std::size_t kKept = 1000;  // bounds time and memory on a hostile file; all are counted
constexpr std::size_t kSide = 80;    // bytes of a source line shown on each side of the caret

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

std::size_t characters(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_character));
}

// Cut between characters.
std::string last_bytes(std::string text, std::size_t count) {
  if (text.size() <= count) return text;
  std::size_t begin = text.size() - count;
  while (begin < text.size() && continues_character(text[begin])) ++begin;
  return text.substr(begin);
}

std::string first_bytes(std::string text, std::size_t count) {
  if (text.size() <= count) return text;
  while (count > 0 && continues_character(text[count])) --count;
  return text.substr(0, count);
}

void make_printable(std::string& line) {
  for (char& c : line) {
    if (c == '\t') c = ' ';  // the caret stands under the right column
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
}

}  // namespace

Faults::Faults(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

void Faults::add(Mark mark, std::string path, std::string message, std::string_view hint) {
  ++errors_;
  keep(mark, std::move(path), std::move(message), hint, false);
}

void Faults::add(const Node& at, std::string message, std::string_view hint) {
  add(at.mark, at.path.text(), std::move(message), hint);
}

void Faults::warn(Mark mark, std::string path, std::string message, std::string_view hint) {
  keep(mark, std::move(path), std::move(message), hint, true);
}

void Faults::warn(const Node& at, std::string message, std::string_view hint) {
  warn(at.mark, at.path.text(), std::move(message), hint);
}

void Faults::keep(Mark mark, std::string path, std::string message, std::string_view hint, bool warning) {
  if (!hint.empty()) message.append("; ").append(hint);
  Fault fault{mark, std::move(path), std::move(message), warning};
  if (std::ranges::find(faults_, fault) != faults_.end()) return;
  if (faults_.size() < kKept) {
    faults_.insert(std::ranges::upper_bound(faults_, mark, {}, &Fault::mark), std::move(fault));
  } else {
    ++dropped_;
  }
}

void Faults::hide(std::string secret) {
  if (std::ranges::find(hidden_, secret) == hidden_.end()) hidden_.push_back(std::move(secret));
  // Longest first: a secret that is part of another must not spoil the search for that one.
  std::ranges::sort(hidden_, std::ranges::greater{}, &std::string::size);
}

bool Faults::fault_at(Mark mark, std::string_view path) const {
  return std::ranges::any_of(faults_, [&](const Fault& fault) {
    return !fault.warning && fault.mark == mark && fault.path == path;
  });
}

std::string Faults::masked(std::string text) const {
  for (const std::string& secret : hidden_) {
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

std::string Faults::rendered(const Fault& fault) const {
  const std::string_view line = source_->line(fault.mark.line);
  const std::size_t byte =
      std::min(static_cast<std::size_t>(std::max(fault.mark.column, 1)) - 1, line.size());
  const std::size_t column = characters(line.substr(0, byte)) + 1;
  // Masked before cut, so that no half of a secret is left standing.
  std::string before = last_bytes(masked(std::string(line.substr(0, byte))), kSide);
  std::string after = first_bytes(masked(std::string(line.substr(byte))), kSide);
  make_printable(before);
  make_printable(after);

  std::string text =
      source_->file + ':' + std::to_string(fault.mark.line) + ':' + std::to_string(column) + ": ";
  if (fault.warning) text += "warning: ";
  if (!fault.path.empty()) text += fault.path + ": ";
  text += masked(fault.message) + '\n';
  if (source_->text.empty()) return text;  // the file could not be read: no line to show
  text += before + after + '\n';
  return text += std::string(characters(before), ' ') + "^\n";
}

std::string Faults::text() const {
  std::string text;
  for (std::size_t i = 0; i < std::min(faults_.size(), kShown); ++i) text += rendered(faults_[i]);
  const std::size_t left = faults_.size() + dropped_ - std::min(faults_.size(), kShown);
  if (left > 0) text += "... and " + std::to_string(left) + " more\n";
  return text;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  std::string_view word = model::closest_name(typed, views);
  // Two letters differ between any two short words: "udp" is no slip for "tcp".
  if (!word.empty() && typed.size() <= 4 && typed.front() != word.front()) word = {};
  return word.empty() ? std::string() : "did you mean \"" + std::string(word) + "\"?";
}

}  // namespace deadcalm::config
