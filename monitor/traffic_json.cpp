#include "monitor/traffic_json.h"

#include <boost/json.hpp>
#include <cmath>

namespace deadcalm::monitor {
namespace {

namespace json = boost::json;
using evaluator::TrafficHistory;
using model::WallTime;

// One list for both directions, so that nothing can be saved and not loaded.
template <class Io, class History>
void fields(Io& io, History& h) {
  io("commits", h.commits);
  io("hours", h.hours);
  io("surprise", h.surprise);
  io("windows", h.windows);
  io("began", h.began);
  io("learnt_until", h.learnt_until);
  io("counted_until", h.counted_until);
  io("silent_since", h.silent_since);
  io("told", h.told);
}

struct Writer {
  json::object out{{"version", 1}};

  void operator()(const char* key, double value) { out[key] = value; }
  void operator()(const char* key, bool value) { out[key] = value; }
  void operator()(const char* key, const std::optional<WallTime>& at) {
    if (at) out[key] = model::unix_millis(*at);
  }
  void operator()(const char* key, const std::array<double, 168>& values) {
    out[key] = json::array(values.begin(), values.end());
  }
};

struct Reader {
  const json::object& in;
  std::string wrong;

  const json::value* find(const char* key) {
    const json::value* value = in.if_contains(key);
    if (value == nullptr && wrong.empty()) wrong = key;
    return value;
  }
  void operator()(const char* key, double& value) {
    if (const json::value* found = find(key); found != nullptr && !number(*found, value)) wrong = key;
  }
  void operator()(const char* key, bool& value) {
    const json::value* found = find(key);
    if (found == nullptr) return;
    if (!found->is_bool()) wrong = key;
    value = found->is_bool() && found->get_bool();
  }
  void operator()(const char* key, std::optional<WallTime>& at) {
    const json::value* found = in.if_contains(key);
    if (found == nullptr) return;
    constexpr std::int64_t kYear9999 = 253'402'300'799'999;
    const std::int64_t millis = found->is_int64() ? found->get_int64() : -1;
    if (millis < 0 || millis > kYear9999) wrong = key;
    at = model::from_unix_millis(millis);
  }
  void operator()(const char* key, std::array<double, 168>& values) {
    const json::value* found = find(key);
    if (found == nullptr) return;
    const json::array* list = found->if_array();
    if (list == nullptr || list->size() != values.size()) {
      wrong = key;
      return;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!number((*list)[i], values[i])) wrong = key;
    }
  }
  static bool number(const json::value& value, double& out) {
    boost::system::error_code error;
    out = value.to_number<double>(error);
    return !error && std::isfinite(out) && out >= 0;
  }
};

}  // namespace

std::string to_json(const TrafficHistory& history) {
  Writer writer;
  fields(writer, history);
  return json::serialize(writer.out);
}

model::Result<TrafficHistory> traffic_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) return model::fail(model::ErrorKind::bad_input, "not a JSON object");
  const json::value* version = document.get_object().if_contains("version");
  if (version == nullptr || *version != 1) {
    return model::fail(model::ErrorKind::bad_input, "version is not 1");
  }
  TrafficHistory history;
  Reader reader{document.get_object(), {}};
  fields(reader, history);
  if (!reader.wrong.empty()) {
    return model::fail(model::ErrorKind::bad_input, reader.wrong + " is not what it should be");
  }
  return history;
}

}  // namespace deadcalm::monitor
