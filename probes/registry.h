#pragma once
// The probe types that exist, as a table: adding one is its folder, one row here, its page in
// docs/configuration.md and a row in the contract tests.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/reader.h"
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/known/known_record.h"
#include "probes/restraint.h"
#include "probes/traffic/count_source.h"
#include "probes/view/http_view.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"

namespace deadcalm::probes {

using MakeBackend = std::function<std::unique_ptr<Backend>(const BackendDeps&)>;

using MakeKnown = std::function<std::unique_ptr<KnownRecord>(const BackendDeps&)>;

// One `write:` entry, decoded: its own door and, where configured, the one its truth is read through.
struct WritePath {
  MakeBackend backend;
  MakeBackend read_from;                 // may be empty
  std::vector<model::Millis> sentinels;  // ages of the ladder's rungs, youngest first
  model::Millis verify_every{600'000};
  int keep = 0;  // so many records updated in turn; 0: each is planted and removed
  Budget budget{};
  std::vector<MakeKnown> known{};  // business records that count as sentinels
  std::int64_t clients = 0;        // subscribed ones, each of which hears of every write; 0: not known
};

// The `traffic:` of a service, decoded.
struct TrafficPath {
  std::function<std::unique_ptr<CountSource>(const BackendDeps&)> source;
  model::Millis window{0};  // what a look counts while nothing fails; not shorter than the interval
};

// Decode the type's own keys (and read_from) and finish the reader. Faults go to its context; the
// result may only be used when there are none.
WritePath decode_write(const std::string& type, config::Reader& reader,
                       model::Millis interval = std::chrono::seconds{60});
ViewPath decode_view(const std::string& type, config::Reader& reader);
ViewPath decode_check(const std::string& type, config::Reader& reader);
TrafficPath decode_traffic(const std::string& type, config::Reader& reader, model::Millis interval);

std::vector<std::string> write_types();
std::vector<std::string> read_from_types();
std::vector<std::string> known_types();
std::vector<std::string> view_types();
std::vector<std::string> check_types();
std::vector<std::string> traffic_types();

}  // namespace deadcalm::probes
