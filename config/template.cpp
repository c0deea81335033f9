#include "config/template.h"

#include <algorithm>

namespace deadcalm::config {

bool RunTimeNames::allow(std::string_view name) const {
  return std::ranges::any_of(words, [&](std::string_view word) {
    if (!word.ends_with(".*")) return name == word;
    word.remove_suffix(1);
    return name.starts_with(word) && name.size() > word.size();
  });
}

RunTimeNames no_names() {
  return {};
}
RunTimeNames canary_names() {
  return {{"canary.token", "canary.id", "canary.uuid", "canary.int"}};
}
RunTimeNames traffic_names() {
  return {{"window", "since"}};
}

bool is_run_time_name(std::string_view name) {
  return name.starts_with("canary.") || name.starts_with("step.") || traffic_names().allow(name);
}

Template::Template(std::string literal) {
  if (!literal.empty()) parts_.push_back({false, std::move(literal)});
}

void Template::add_text(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().is_name) parts_.push_back({});
  parts_.back().text += text;
}

void Template::add_name(std::string name) {
  parts_.push_back({true, std::move(name)});
}

bool Template::is_literal() const {
  return std::ranges::none_of(parts_, &Part::is_name);
}

std::vector<std::string> Template::names() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (part.is_name) names.push_back(part.text);
  }
  return names;
}

std::string Template::render(const std::function<std::string(std::string_view name)>& value) const {
  std::string text;
  for (const Part& part : parts_) text += part.is_name ? value(part.text) : part.text;
  return text;
}

std::string Template::literal() const {
  return render([](std::string_view name) { return "${" + std::string(name) + '}'; });
}

}  // namespace deadcalm::config
