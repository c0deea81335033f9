#pragma once
// A picture of the whole monitor at one moment, as values: made by monitor, read by exporter, server
// and the command line. Nothing in it refers to anything.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/credential.h"
#include "model/signals.h"
#include "model/time.h"
#include "model/verdict.h"

namespace deadcalm::model {

struct WriteStatus {
  std::string probe;
  std::string proves;
  bool armed = false, paused = false;
  std::uint64_t looks = 0, failed = 0, unknown = 0;  // since start
  std::uint64_t last_seq = 0;
  std::optional<WallTime> verified_at;  // end of the last verified cycle
  Millis plant_time{}, read_time{}, remove_time{};
  Millis cycle_time{};
  std::string step, detail;  // of the last look
  Write write = Write::unknown;
  ReadBack read_back = ReadBack::unknown;
  Sentinel sentinel = Sentinel::unknown;
  std::optional<CredentialExpiry> credential;  // when what it shows the backend ends, where known
  int leftovers = 0;                           // own records in the backend that should not be there
};

struct ViewStatus {
  std::string probe;
  std::uint64_t looks = 0, failed = 0, unknown = 0;
  std::optional<WallTime> canary_seen_at;  // when the newest token it shows was written
  int http_status = 0;
  std::optional<WallTime> certificate_ends;
  Millis took{};
  Client client = Client::unknown;
  std::string cache;  // a word of CacheClass
  std::string detail;
};

struct TrafficStatus {
  std::string probe;
  std::uint64_t looks = 0, unknown = 0;  // unknown: no number came
  Traffic traffic = Traffic::unknown;
  std::optional<double> observed;  // commits in the window of the last look; absent while there is no number
  Millis window{};
  double surprise = 0;  // of the present silence: -ln of its chance
  Millis took{};
  std::string detail;
};

struct ServiceStatus {
  std::string name;
  Verdict verdict = Verdict::unknown;
  Masked masked = Masked::unknown;
  Alarm alarm = Alarm::none;
  Severity severity = Severity::info;
  std::string phase;  // ok, suspect, confirmed, recovering
  bool blind = false, armed = false, flapping = false, silenced = false;
  bool truth_measured = true, view_measured = true;
  Signals signals;
  int row = 0;
  int failed_looks = 0, failed_looks_needed = 0;
  int good_looks = 0, good_looks_needed = 0;
  std::optional<WallTime> since, last_good;
  std::optional<Millis> stale_limit, client_data_age;
  double masked_seconds = 0, unknown_seconds = 0;  // counted since start
  std::vector<WriteStatus> writes;
  std::vector<ViewStatus> views;
  std::optional<TrafficStatus> traffic;
};

struct SiteStatus {
  std::string site, instance, version;
  WallTime at{}, started{};
  std::optional<WallTime> loop_last_run;               // scheduler
  Millis loop_lateness{};                              // of the last slot
  std::size_t looks_in_flight = 0, looks_waiting = 0;  // waiting: for one in flight to end
  int anchors_answered = 0, anchors_voting = 0;
  bool store_ok = true;
  std::string store_error;
  std::size_t store_pending = 0;
  std::vector<ServiceStatus> services;
};

}  // namespace deadcalm::model
