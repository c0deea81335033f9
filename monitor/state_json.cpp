// One list of fields per struct, visited by a Writer and by a Reader, so that no field can be saved and not
// loaded. A field that is added to a struct of evaluator/state.h belongs into its list here; the test that
// compares states after a round trip fails until it is.
#include "monitor/state_json.h"

#include <boost/json.hpp>
#include <charconv>
#include <concepts>
#include <optional>
#include <type_traits>
#include <vector>

namespace deadcalm::monitor {
namespace {

namespace json = boost::json;
using namespace evaluator;
using model::Instant;
using model::SteadyTime;
using model::WallTime;

template <class S, class T>
concept Is = std::same_as<std::remove_const_t<S>, T>;

template <class Io, Is<Streak> S>
void fields(Io& io, S& s) {
  io("looks", s.looks);
  io("first", s.first);
  io("last", s.last);
  io("lasted", s.lasted);
}

template <class Io, Is<Trouble> S>
void fields(Io& io, S& s) {
  io("loss", s.loss);
  io("hard", s.hard);
  io("soft", s.soft);
  io("impaired", s.impaired);
  io("setup", s.setup);
}

template <class Io, Is<FailedLook> S>
void fields(Io& io, S& s) {
  io("started", s.started);
  io("trouble", s.trouble);
}

template <class Io, Is<Streaks> S>
void fields(Io& io, S& s) {
  io("loss", s.loss);
  io("hard", s.hard);
  io("soft", s.soft);
  io("impaired", s.impaired);
  io("waiting", s.waiting);
  io("last_look", s.last_look);
}

template <class Io, Is<PlantedCanary> S>
void fields(Io& io, S& s) {
  io("seq", s.seq);
  io("planted", s.planted);
  io("acknowledged", s.acknowledged);
}

template <class Io, Is<WriteState> S>
void fields(Io& io, S& s) {
  io("probe", s.probe);
  io("looked", s.looked);
  io("started", s.started);
  io("ended", s.ended);
  io("write", s.write);
  io("slow", s.slow);
  io("read_back", s.read_back);
  io("sentinel", s.sentinel);
  io("container_gone", s.container_gone);
  io("newest_rung_missing", s.newest_rung_missing);
  io("rungs_expected", s.rungs_expected);
  io("rungs_missing", s.rungs_missing);
  io("altered", s.altered);
  io("credential_ends", s.credential_ends);
  io("newest_surviving", s.newest_surviving);
  io("oldest_missing", s.oldest_missing);
  io("database_still_has_it", s.database_still_has_it);
  io("cycle_time", s.cycle_time);
  io("step", s.step);
  io("detail", s.detail);
  io("armed", s.armed);
  io("setup_told", s.setup_told);
  io("last_good", s.last_good);
  io("throttled_since", s.throttled_since);
  io("failing_since", s.failing_since);
  io("answered_since", s.answered_since);
  io("canaries", s.canaries);
  io("streaks", s.streaks);
}

template <class Io, Is<SeenStream> S>
void fields(Io& io, S& s) {
  io("stream", s.stream);
  io("seq", s.seq);
}

template <class Io, Is<ViewState> S>
void fields(Io& io, S& s) {
  io("probe", s.probe);
  io("looked", s.looked);
  io("started", s.started);
  io("ended", s.ended);
  io("client", s.client);
  io("cache", s.cache);
  io("answered", s.answered);
  io("http_status", s.http_status);
  io("cache_evidence", s.cache_evidence);
  io("step", s.step);
  io("detail", s.detail);
  io("armed", s.armed);
  io("setup_told", s.setup_told);
  io("lifetime", s.lifetime);
  io("newest_planted", s.newest_planted);
  io("seen", s.seen);
  io("streaks", s.streaks);
}

template <class Io, Is<TrafficState> S>
void fields(Io& io, S& s) {
  io("looked", s.looked);
  io("started", s.started);
  io("ended", s.ended);
  io("traffic", s.traffic);
  io("expected", s.expected);
  io("observed", s.observed);
  io("window_start", s.window_start);
  io("streaks", s.streaks);
}

template <class Io, Is<BeaconState> S>
void fields(Io& io, S& s) {
  io("looked", s.looked);
  io("started", s.started);
  io("ended", s.ended);
  io("beacons", s.beacons);
  io("clients", s.clients);
  io("on_cache", s.on_cache);
  io("waiting", s.waiting);
  io("dropped", s.dropped);
}

template <class Io, Is<Label> S>
void fields(Io& io, S& s) {
  io("verdict", s.verdict);
  io("masked", s.masked);
  io("class", s.alarm_class);
  io("alarm", s.alarm);
  io("severity", s.severity);
  io("row", s.row);
  io("minor_loss", s.minor_loss);
  io("probe", s.probe);
}

template <class Io, Is<OpenIncident> S>
void fields(Io& io, S& s) {
  io("label", s.label);
  io("since", s.since);
  io("well", s.well);
  io("calm", s.calm);
  io("loss", s.loss);
  io("loss_critical", s.loss_critical);
  io("beacons_were_high", s.beacons_were_high);
  io("next", s.next);
  io("next_since", s.next_since);
}

template <class Io, Is<ServiceState> S>
void fields(Io& io, S& s) {
  io("writes", s.writes);
  io("views", s.views);
  io("traffic", s.traffic);
  io("beacons", s.beacons);
  io("anchor_started", s.anchor_started);
  io("anchor_ok_started", s.anchor_ok_started);
  io("anchor_bad", s.anchor_bad);
  io("loop_late", s.loop_late);
  io("frozen_since", s.frozen_since);
  io("fresh_after", s.fresh_after);
  io("said", s.said);
  io("incident", s.incident);
  io("behind_since", s.behind_since);
  io("beacons_high_since", s.beacons_high_since);
  io("changes", s.changes);
  io("recovery_factor", s.recovery_factor);
  io("unknown_since", s.unknown_since);
  io("unknown_told", s.unknown_told);
  io("clone_told", s.clone_told);
  io("credential_told", s.credential_told);
  io("looks_without_clone", s.looks_without_clone);
  io("writes_paused", s.writes_paused);
  io("deploy_until", s.deploy_until);
  io("reset_expected", s.reset_expected);
  io("reset_expected_until", s.reset_expected_until);
}

template <class Io, Is<SiteState> S>
void fields(Io& io, S& s) {
  io("anchor_bad", s.anchor_bad);
  io("loop_late", s.loop_late);
  io("answered", s.answered);
  io("voting", s.voting);
  io("anchor_started", s.anchor_started);
  io("blind_since", s.blind_since);
  io("told", s.told);
}

class Writer {
 public:
  explicit Writer(SteadyTime now) : now_(now) {}

  template <class T>
  void operator()(const char* key, const T& value) {
    // Numbers and words are always written: their defaults are the struct's, which is not known here.
    constexpr bool always = std::is_enum_v<T> || (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    if (always || !(value == T{})) out_[key] = write(value);
  }
  // An instant has no default that could be left out: the epoch of the steady clock is a time as any other.
  void operator()(const char* key, const SteadyTime& value) {
    if (value != SteadyTime::min()) out_[key] = write(value);
  }
  void operator()(const char* key, const Instant& value) { out_[key] = write(value); }

  json::object take() && { return std::move(out_); }

 private:
  json::value write(bool value) const { return value; }
  json::value write(int value) const { return value; }
  json::value write(std::uint64_t value) const { return value; }
  json::value write(model::Millis value) const { return value.count(); }
  json::value write(model::WallTime value) const { return model::unix_millis(value); }
  json::value write(SteadyTime value) const { return (value - now_).count(); }
  json::value write(const std::string& value) const { return json::string(value); }
  json::value write(const Instant& value) const {
    return json::array{model::unix_millis(value.wall), (value.steady - now_).count()};
  }
  json::value write(double value) const {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return json::string(text, static_cast<std::size_t>(end - text));
  }
  template <class T>
  json::value write(const std::optional<T>& value) const {
    return value ? write(*value) : json::value();
  }
  template <class T>
  json::value write(const std::vector<T>& values) const {
    json::array array;
    for (const T& value : values) array.push_back(write(value));
    return array;
  }
  template <class T>
  json::value write(const T& value) const {
    if constexpr (std::is_enum_v<T>) {
      return json::string(model::name(value));
    } else {
      Writer inner(now_);
      fields(inner, value);
      return std::move(inner).take();
    }
  }

  SteadyTime now_;
  json::object out_;
};

// Remembers the first member that is not what it should be.
class Reader {
 public:
  // `origin`: what the relative steady instants are relative to.
  Reader(const json::object& in, SteadyTime origin) : in_(in), origin_(origin) {}

  template <class T>
  void operator()(const char* key, T& value) {
    const json::value* found = in_.if_contains(key);
    if (found == nullptr || !wrong_.empty()) return;
    if (!read(*found, value) && wrong_.empty()) wrong_ = key;
  }

  const std::string& wrong() const { return wrong_; }

 private:
  template <class Number>
  static bool read_number(const json::value& in, Number& value) {
    boost::system::error_code error;
    const auto number = in.to_number<Number>(error);
    if (!error) value = number;
    return !error;
  }
  bool read(const json::value& in, bool& value) {
    if (in.is_bool()) value = in.get_bool();
    return in.is_bool();
  }
  bool read(const json::value& in, int& value) { return read_number(in, value); }
  bool read(const json::value& in, std::uint64_t& value) { return read_number(in, value); }
  bool read(const json::value& in, model::Millis& value) {
    std::int64_t count = 0;
    if (!read_number(in, count) || count > kFarthest || count < -kFarthest) return false;
    value = model::Millis{count};
    return true;
  }
  bool read(const json::value& in, SteadyTime& value) {
    model::Millis offset{};
    if (!read(in, offset)) return false;
    value = origin_ + offset;
    return true;
  }
  bool read(const json::value& in, model::WallTime& value) {
    model::Millis since_1970{};
    if (!read(in, since_1970)) return false;
    value = model::from_unix_millis(since_1970.count());
    return true;
  }
  bool read(const json::value& in, Instant& value) {
    if (!in.is_array() || in.get_array().size() != 2) return false;
    return read(in.get_array()[0], value.wall) && read(in.get_array()[1], value.steady);
  }
  bool read(const json::value& in, std::string& value) {
    if (in.is_string()) value = in.get_string();
    return in.is_string();
  }
  bool read(const json::value& in, double& value) {
    if (!in.is_string()) return false;
    const json::string& text = in.get_string();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  }
  template <class T>
  bool read(const json::value& in, std::optional<T>& value) {
    return read(in, value.emplace());
  }
  template <class T>
  bool read(const json::value& in, std::vector<T>& values) {
    if (!in.is_array()) return false;
    for (const json::value& element : in.get_array()) {
      if (!read(element, values.emplace_back())) return false;
    }
    return true;
  }
  template <class T>
  bool read(const json::value& in, T& value) {
    if constexpr (std::is_enum_v<T>) {
      const auto found = in.is_string() ? model::from_name<T>(in.get_string()) : std::nullopt;
      if (found) value = *found;
      return found.has_value();
    } else {
      if (!in.is_object()) return false;
      Reader inner(in.get_object(), origin_);
      fields(inner, value);
      wrong_ = inner.wrong();
      return wrong_.empty();
    }
  }

  static constexpr std::int64_t kFarthest = std::int64_t{1} << 56;  // no sum of two overflows
  const json::object& in_;
  SteadyTime origin_;
  std::string wrong_;
};

template <class State>
std::string write(const State& state, Instant now) {
  Writer writer(now.steady);
  fields(writer, state);
  const json::object document{
      {"version", 1}, {"saved", model::unix_millis(now.wall)}, {"state", std::move(writer).take()}};
  return json::serialize(document);
}

model::Result<json::object> parse(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) return model::fail(model::ErrorKind::bad_input, "not a JSON object");
  return document.get_object();
}

template <class State>
model::Result<State> read(std::string_view text, Instant now) {
  const auto document = parse(text);
  if (!document) return std::unexpected(document.error());
  const json::value* version = document->if_contains("version");
  const json::value* saved = document->if_contains("saved");
  const json::value* members = document->if_contains("state");
  if (version == nullptr || *version != 1)
    return model::fail(model::ErrorKind::bad_input, "version is not 1");
  if (saved == nullptr || !saved->is_int64() || members == nullptr || !members->is_object()) {
    return model::fail(model::ErrorKind::bad_input, "saved or state is missing");
  }
  constexpr std::int64_t kYear9999 = 253'402'300'799'999;
  if (saved->get_int64() < 0 || saved->get_int64() > kYear9999) {
    return model::fail(model::ErrorKind::bad_input, "saved is no time");
  }
  const auto away = std::max(model::Millis{}, now.wall - model::from_unix_millis(saved->get_int64()));
  State state;
  Reader reader(members->get_object(), now.steady - away);
  fields(reader, state);
  if (!reader.wrong().empty()) {
    return model::fail(model::ErrorKind::bad_input, reader.wrong() + " is not what it should be");
  }
  return state;
}

}  // namespace

std::string to_json(const ServiceState& state, Instant now) {
  return write(state, now);
}
std::string to_json(const SiteState& state, Instant now) {
  return write(state, now);
}

model::Result<ServiceState> state_from_json(std::string_view text, Instant now) {
  auto state = read<ServiceState>(text, now);
  if (state && (state->recovery_factor < 1 || state->recovery_factor > 8)) {
    return model::fail(model::ErrorKind::bad_input, "recovery_factor is not what it should be");
  }
  return state;
}

model::Result<SiteState> site_from_json(std::string_view text, Instant now) {
  return read<SiteState>(text, now);
}

}  // namespace deadcalm::monitor
