#include "probes/exec/plugin.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "probes/exec/exit_status.h"

namespace deadcalm::probes::exec {
namespace {

// The number at the start of `text`, which is shortened by it.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<double> whole_number(std::string_view text) {
  const auto value = take_number(text);
  return value && text.empty() ? value : std::nullopt;
}

// Labels with spaces or equals signs stand in single quotes, a quote in them is doubled.
std::optional<std::string> take_label(std::string_view& text) {
  std::string label;
  if (!text.starts_with('\'')) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    label = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    return label;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '\'') {
      label += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\'') {
      label += text[i++];
    } else if (i + 1 < text.size() && text[i + 1] == '=') {
      text.remove_prefix(i + 2);
      return label;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::string_view take_field(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return field;
}

// Faulty ones are skipped up to the next space; "U" is a value that the plugin could not tell.
void read_measurements(std::string_view text, std::vector<Measurement>& into) {
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    Measurement measurement;
    const auto label = take_label(text);
    std::string_view rest = text.substr(0, std::min(text.find_first_of(" \t\r\n"), text.size()));
    text.remove_prefix(rest.size());
    std::string_view number = take_field(rest, ';');
    const auto value = take_number(number);
    if (!label || !value) continue;
    measurement.label = *label;
    measurement.value = *value;
    measurement.unit = number;
    measurement.warning = take_field(rest, ';');
    measurement.critical = take_field(rest, ';');
    into.push_back(std::move(measurement));
  }
}

}  // namespace

bool Range::alerts(double value) const {
  const bool inside = (!low || value >= *low) && (!high || value <= *high);
  return inside == inside_is_bad;
}

std::optional<Range> Range::parse(std::string_view text) {
  Range range;
  if (text.starts_with('@')) {
    range.inside_is_bad = true;
    text.remove_prefix(1);
  }
  const std::size_t colon = text.find(':');
  const std::string_view high = colon == std::string_view::npos ? text : text.substr(colon + 1);
  if (colon != std::string_view::npos) {
    const std::string_view low = text.substr(0, colon);
    range.low = low == "~" ? std::nullopt : whole_number(low);
    if (!range.low && low != "~") return std::nullopt;
  }
  if (!high.empty()) {
    range.high = whole_number(high);
    if (!range.high) return std::nullopt;
  } else if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  return range;
}

PluginOutput parse_plugin_output(std::string_view output) {
  PluginOutput parsed;
  bool first = true;
  bool long_text_over = false;  // after the bar of a later line there is nothing but performance data
  while (!output.empty()) {
    std::string_view line = take_field(output, '\n');
    if (long_text_over) {
      read_measurements(line, parsed.measurements);
      continue;
    }
    const std::size_t bar = std::min(line.find('|'), line.size());
    if (first) parsed.text = first_line(std::string(line.substr(0, bar)));
    if (bar < line.size()) {
      read_measurements(line.substr(bar + 1), parsed.measurements);
      long_text_over = !first;
    }
    first = false;
  }
  return parsed;
}

std::string past_their_limits(const std::vector<Measurement>& measurements) {
  std::string text;
  for (const Measurement& m : measurements) {
    for (const auto& [word, limit] : {std::pair{"critical", &m.critical}, {"warning", &m.warning}}) {
      const auto range = Range::parse(*limit);
      if (!range || !range->alerts(m.value)) continue;
      char value[32];
      std::snprintf(value, sizeof value, "%g", m.value);
      text += (text.empty() ? "" : ", ") + m.label + '=' + value + m.unit + " (" + word + ' ' + *limit + ')';
      break;
    }
  }
  return text;
}

}  // namespace deadcalm::probes::exec
