#include <fmt/format.h>

#include <algorithm>

#include "app/commands/commands.h"
#include "app/commands/find_records.h"
#include "model/duration.h"
#include "runtime/clock.h"

namespace deadcalm::app {
namespace {

using model::Record;
using model::RecordState;

std::string_view word_of(RecordState state) {
  switch (state) {
    case RecordState::reserved: return "reserved";
    case RecordState::kept: return "kept";
    case RecordState::retired: return "retired";
    case RecordState::unresolved: return "unresolved";
    case RecordState::missing: return "MISSING";
    case RecordState::sentinel: return "sentinel";
  }
  return "unknown";
}

std::string_view meaning_of(RecordState state) {
  switch (state) {
    case RecordState::reserved: return "about to be planted";
    case RecordState::kept: return "verified, the newest";
    case RecordState::retired: return "to be removed";
    case RecordState::unresolved: return "planted perhaps; removed when the backend answers";
    case RecordState::missing: return "was verified and is gone: deadcalm sentinels accept";
    case RecordState::sentinel: return "stays for its age";
  }
  return "";
}

void print_stream(const model::Stream& stream, const std::vector<Record>& records, model::WallTime now,
                  std::ostream& out) {
  out << fmt::format("{}/{}  stream {}, next number {}, {}\n  target {}\n", stream.service, stream.probe,
                     stream.name, stream.next_seq, stream.armed ? "armed" : "not armed yet", stream.target);
  bool any = false;
  for (const Record& record : records) {
    if (record.stream != stream.name) continue;
    any = true;
    out << fmt::format("  {:>8}  {:<10}  {:>8} old  {}  ({})\n", record.seq, word_of(record.state),
                       model::for_people(std::max(model::Millis{0}, now - record.planted)),
                       record.id.empty() ? "id not known yet" : record.id, meaning_of(record.state));
  }
  if (!any) out << "  nothing of ours is there\n";
}

}  // namespace

int ledger(const GlobalFlags& flags, const std::string& service, bool find, std::ostream& out,
           std::ostream& err) {
  const auto configured = configure_file(flags.config_file, config::process_environment());
  const bool usable = find ? configured->ok() : configured->loaded.options.has_value();
  if (!usable) {
    err << configured->loaded.faults.text();
    return kBadUsage;
  }
  const auto store = existing_store(*configured, err);
  if (!store) return kFailed;
  const auto remembered = remember(*store);
  if (!remembered) {
    err << "deadcalm: " << remembered.error().message << '\n';
    return kFailed;
  }
  const model::WallTime now = runtime::SystemClock{}.now().wall;
  std::vector<std::string> names;
  for (const model::Stream& stream : remembered->streams) names.push_back(stream.service);
  const bool known = service.empty() || std::ranges::find(names, service) != names.end();
  if (!known) {
    const std::string hint = config::did_you_mean(service, names);
    err << "deadcalm: nothing was ever written for a service \"" << service << '"'
        << (hint.empty() ? "" : "; " + hint) << '\n';
    return kBadUsage;
  }
  for (const model::Stream& stream : remembered->streams) {
    if (service.empty() || stream.service == service) print_stream(stream, remembered->records, now, out);
  }
  int code = kDone;
  for (const ConfiguredService& one : configured->services) {
    if (!find || (!service.empty() && one.name != service)) continue;
    code = std::max(code, find_records(*configured, one, *remembered, out));
  }
  return code;
}

}  // namespace deadcalm::app
