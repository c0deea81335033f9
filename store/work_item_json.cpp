// One list of fields per type serves writing and reading, so that the two cannot drift apart.
#include "store/work_item_json.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <type_traits>

namespace deadcalm::store {
namespace {

namespace json = boost::json;

template <class T>
concept Named = requires { model::Names<T>::values; };

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class Codec>
void fields(Codec& c, model::Signals& s) {
  c("write", s.write), c("read_back", s.read_back), c("sentinel", s.sentinel), c("client", s.client);
  c("cache", s.cache), c("age", s.age), c("lag", s.lag), c("beacons", s.beacons), c("traffic", s.traffic);
  c("anchor", s.anchor);
}

template <class Codec>
void fields(Codec& c, model::Evidence& e) {
  c("signals", e.signals), c("probe", e.probe), c("step", e.step), c("detail", e.detail), c("tries", e.tries);
  c("since", e.since), c("last_good", e.last_good), c("client_status", e.client_status);
  c("client_cache", e.client_cache), c("cache_evidence", e.cache_evidence);
  c("client_data_age", e.client_data_age), c("stale_limit", e.stale_limit), c("slow", e.slow);
  c("cycle_time", e.cycle_time), c("container_gone", e.container_gone);
  c("database_still_has_it", e.database_still_has_it), c("rungs_expected", e.rungs_expected);
  c("rungs_missing", e.rungs_missing), c("traffic_observed", e.traffic_observed);
  c("traffic_expected", e.traffic_expected), c("beacon_clients", e.beacon_clients);
  c("beacon_on_cache", e.beacon_on_cache), c("beacon_waiting", e.beacon_waiting);
  c("beacon_dropped", e.beacon_dropped), c("truth_measured", e.truth_measured);
  c("view_measured", e.view_measured);
}

template <class Codec>
void fields(Codec& c, model::Subject& s) {
  c("own", s.own), c("name", s.name);
}

template <class Codec>
void fields(Codec& c, model::Transition& t) {
  c("subject", t.subject), c("at", t.at.wall), c("from", t.from), c("to", t.to), c("masked", t.masked);
  c("class", t.alarm_class), c("alarm", t.alarm), c("severity", t.severity), c("reason", t.reason),
      c("row", t.row);
  c("evidence", t.evidence);
}

template <class Codec>
void fields(Codec& c, model::Command& m) {
  c("kind", m.kind), c("service", m.service), c("author", m.author), c("reason", m.reason), c("at", m.at);
  c("until", m.until), c("expect_reset", m.expect_reset);
}

struct Writer {
  json::object out;

  template <class T>
  void operator()(std::string_view key, T& value) {
    if constexpr (IsOptional<T>::value) {
      if (value) (*this)(key, *value);
    } else if constexpr (Named<T>) {
      out[key] = model::name(value);
    } else if constexpr (std::is_same_v<T, model::WallTime>) {
      out[key] = model::unix_millis(value);
    } else if constexpr (std::is_same_v<T, model::Millis>) {
      out[key] = value.count();
    } else if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string>) {
      Writer inner;
      fields(inner, value);
      out[key] = std::move(inner.out);
    } else {
      out[key] = value;
    }
  }
};

struct Reader {
  const json::object& in;
  std::string bad_key;  // first field of a wrong type

  template <class T>
  void operator()(std::string_view key, T& value) {
    if constexpr (IsOptional<T>::value) {
      if (in.contains(key)) (*this)(key, value.emplace());
    } else if (const json::value* found = in.if_contains(key)) {
      if (!read(*found, value) && bad_key.empty()) bad_key = key;
    }
  }

  template <class T>
  static bool read(const json::value& found, T& value) {
    boost::system::error_code ec;
    if constexpr (Named<T>) {
      const auto* text = found.if_string();
      const auto parsed = text != nullptr ? model::from_name<T>(std::string_view(*text)) : std::nullopt;
      if (parsed) value = *parsed;
      return parsed.has_value();
    } else if constexpr (std::is_same_v<T, model::WallTime>) {
      const auto millis = found.to_number<std::int64_t>(ec);
      value = model::from_unix_millis(millis);
      return !ec;
    } else if constexpr (std::is_same_v<T, model::Millis>) {
      value = model::Millis{found.to_number<std::int64_t>(ec)};
      return !ec;
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!found.is_bool()) return false;
      value = found.get_bool();
      return true;
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = found.to_number<T>(ec);
      return !ec;
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!found.is_string()) return false;
      value = std::string(found.get_string());
      return true;
    } else {
      if (!found.is_object()) return false;
      Reader inner{found.get_object(), {}};
      fields(inner, value);
      return inner.bad_key.empty();
    }
  }
};

template <class T>
std::string write(const T& value) {
  Writer writer;
  T copy = value;  // the field list takes references that a reader may fill
  fields(writer, copy);
  return json::serialize(writer.out);
}

template <class T>
model::Result<T> read_text(const std::string& text) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(text, ec);
  if (ec || !parsed.is_object())
    return model::fail(model::ErrorKind::internal, "stored item is not a JSON object");
  T value;
  Reader reader{parsed.get_object(), {}};
  fields(reader, value);
  if (!reader.bad_key.empty()) {
    return model::fail(model::ErrorKind::internal, "stored item has a bad value for " + reader.bad_key);
  }
  return value;
}

}  // namespace

std::string to_json(const model::Transition& transition) {
  return write(transition);
}
std::string to_json(const model::Command& command) {
  return write(command);
}
std::string to_json(const model::Evidence& evidence) {
  return write(evidence);
}
model::Result<model::Transition> transition_from_json(const std::string& text) {
  return read_text<model::Transition>(text);
}
model::Result<model::Command> command_from_json(const std::string& text) {
  return read_text<model::Command>(text);
}
model::Result<model::Evidence> evidence_from_json(const std::string& text) {
  return read_text<model::Evidence>(text);
}

}  // namespace deadcalm::store
