#pragma once
// What a monitoring plugin prints (Monitoring Plugins Development Guidelines): a line for people, then after
// a bar performance data: 'label'=value[unit];[warning];[critical];[least];[most]. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deadcalm::probes::exec {

// "10", "10:", "~:10", "10:20", "@10:20": where a value is alright; with @ where it is not.
struct Range {
  std::optional<double> low = 0.0;  // nullopt: no limit
  std::optional<double> high;
  bool inside_is_bad = false;

  bool alerts(double value) const;
  static std::optional<Range> parse(std::string_view text);
};

struct Measurement {
  std::string label;
  double value = 0;
  std::string unit;               // "s", "ms", "%", "B", "c" and the like
  std::string warning, critical;  // as printed; empty: none
};

struct PluginOutput {
  std::string text;  // the first line without its performance data
  std::vector<Measurement> measurements;
};

PluginOutput parse_plugin_output(std::string_view output);

// Of the measurements, those past their own limits: "time=5.2s (critical 3)"; empty: none is.
std::string past_their_limits(const std::vector<Measurement>& measurements);

}  // namespace deadcalm::probes::exec
