#include <algorithm>

#include "config/decode.h"
#include "model/duration.h"

namespace deadcalm::config {
namespace {

std::string_view word(Place place) {
  switch (place) {
    case Place::write: return "write";
    case Place::view: return "view";
    case Place::check: return "check";
    case Place::traffic: return "traffic";
  }
  return "write";
}

const std::vector<std::string>& known_in(Place place, const KnownTypes& types) {
  switch (place) {
    case Place::write: return types.write;
    case Place::view: return types.view;
    case Place::check: return types.check;
    case Place::traffic: return types.traffic;
  }
  return types.write;
}

// "write-http", then "write-http-2": the type before the number, so that a probe of another type put
// in front renames nobody. A name is the identity of a stream of canaries.
std::string default_name(Place place, const std::string& type, std::map<std::string, int>& ordinals,
                         Taken& taken, Mark mark) {
  std::string stem = std::string(word(place)) + '-' + type;
  std::ranges::replace(stem, '_', '-');
  for (;;) {
    const int ordinal = ++ordinals[stem];
    std::string name = ordinal == 1 ? stem : stem + '-' + std::to_string(ordinal);
    if (taken.try_emplace(name, mark).second) return name;
  }
}

// With neither of them given, the defaults were already checked, once.
void check_timeout(Reader& reader, const ProbeOptions& probe) {
  const bool given = reader.has("timeout");
  if (probe.timeout < probe.interval || (!given && !reader.has("interval"))) return;
  reader.fault(given ? "timeout" : "interval",
               "the timeout (" + model::to_text(probe.timeout) + (given ? "" : " by default") +
                   ") must be shorter than the interval (" + model::to_text(probe.interval) + ')');
}

}  // namespace

ProbeOptions decode_probe(const Node& node, Place place, const DefaultsOptions& defaults,
                          const KnownTypes& types, std::map<std::string, int>& ordinals, Taken& taken,
                          Context& context) {
  Reader reader(node, context);
  ProbeOptions probe;
  probe.node = node;
  probe.type = reader.text("type");
  check_type(reader, probe.type, known_in(place, types));
  probe.name = reader.has("name") ? read_name(reader, taken)
                                  : default_name(place, probe.type, ordinals, taken, node.mark);
  const auto interval = reader.optional_duration("interval", model::Millis{100}, std::chrono::hours{24});
  const auto timeout = reader.optional_duration("timeout", model::Millis{10}, std::chrono::hours{1});
  probe.interval = interval.value_or(defaults.interval);
  probe.timeout = timeout.value_or(defaults.timeout);
  const bool readable =
      reader.has("interval") == interval.has_value() && reader.has("timeout") == timeout.has_value();
  if (readable) check_timeout(reader, probe);
  if (place == Place::view || place == Place::check) refuse_canary_names(node, context.faults());
  if (place == Place::traffic) check_traffic_query(node, context.faults());
  reader.leave_the_rest();
  return probe;
}

TrafficOptions decode_traffic(const Node& node, const DefaultsOptions& defaults, const KnownTypes& types,
                              Taken& taken, Context& context) {
  TrafficOptions traffic;
  std::map<std::string, int> ordinals;
  traffic.source = decode_probe(node, Place::traffic, defaults, types, ordinals, taken, context);
  if (!node.is_map()) return traffic;
  Reader reader(node, context);
  traffic.on_silence = reader.choice("on_silence", traffic.on_silence);
  reader.leave_the_rest();
  return traffic;
}

}  // namespace deadcalm::config
