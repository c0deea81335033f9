#include "monitor/look_counts.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

namespace deadcalm::monitor {
namespace {

namespace json = boost::json;

std::int32_t day_of(model::WallTime at) {
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(at.time_since_epoch()).count());
}

constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();

bool whole(const json::value& value, std::int64_t& out) {
  if (!value.is_int64() || value.get_int64() < 0) return false;
  out = value.get_int64();
  return true;
}

}  // namespace

void LookCounts::count(model::WallTime at, bool failed) {
  if (!began) began = at;
  const std::int32_t today = day_of(at);
  // A clock that was set back goes on with the newest day.
  if (days.empty() || days.back().day < today) days.push_back({today, 0, 0});
  ++days.back().looks;
  days.back().failed += failed ? 1 : 0;
  const std::int32_t oldest = days.back().day - kDaysCounted;
  std::erase_if(days, [&](const LookDay& day) { return day.day <= oldest; });
}

std::optional<Measured> measured(const LookCounts& counts, model::WallTime now) {
  if (!counts.began || now - *counts.began < kMeasuredAfter) return std::nullopt;
  Measured sum;
  for (const LookDay& day : counts.days) {
    sum.looks += day.looks;
    sum.failed += day.failed;
  }
  if (sum.looks == 0) return std::nullopt;
  return sum;
}

std::string to_json(const LookCounts& counts) {
  json::array days;
  for (const LookDay& day : counts.days) days.push_back(json::array{day.day, day.looks, day.failed});
  json::object out{{"version", 1}, {"days", std::move(days)}};
  if (counts.began) out["began"] = model::unix_millis(*counts.began);
  return json::serialize(out);
}

model::Result<LookCounts> look_counts_from_json(std::string_view text) {
  const auto wrong = model::fail(model::ErrorKind::bad_input, "not look counts");
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) return wrong;
  const json::object& members = document.get_object();
  const json::value* version = members.if_contains("version");
  const json::value* began = members.if_contains("began");
  const json::value* days = members.if_contains("days");
  if (version == nullptr || *version != 1 || days == nullptr || !days->is_array()) return wrong;
  LookCounts counts;
  std::int64_t number = 0;
  if (began != nullptr) {
    if (!whole(*began, number)) return wrong;
    counts.began = model::from_unix_millis(number);
  }
  for (const json::value& entry : days->get_array()) {
    std::int64_t looks = 0, failed = 0;
    const json::array* parts = entry.if_array();
    if (parts == nullptr || parts->size() != 3 || !whole((*parts)[0], number) || !whole((*parts)[1], looks) ||
        !whole((*parts)[2], failed) || failed > looks || looks > kMost || number > kMost) {
      return wrong;
    }
    counts.days.push_back({static_cast<std::int32_t>(number), static_cast<std::uint32_t>(looks),
                           static_cast<std::uint32_t>(failed)});
  }
  return counts;
}

}  // namespace deadcalm::monitor
