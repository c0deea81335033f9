#include "probes/registry.h"

#include <algorithm>

#include "model/duration.h"
#include "probes/appsync/decode.h"
#include "probes/check/heartbeat.h"
#include "probes/check/http_check.h"
#include "probes/check/tcp_check.h"
#include "probes/dynamodb/decode.h"
#include "probes/exec/decode.h"
#include "probes/graphql/decode.h"
#include "probes/http/decode.h"
#include "probes/known/http_record.h"
#include "probes/known/sql_record.h"
#include "probes/ladder.h"
#include "probes/postgres/decode.h"
#include "probes/postgres/postgres_backend.h"
#include "probes/redis/decode.h"
#include "probes/s3/decode.h"
#include "probes/supabase/decode.h"
#include "probes/traffic/http_source.h"
#include "probes/traffic/prometheus_source.h"
#include "probes/traffic/sql_source.h"
#include "probes/view/websocket/decode.h"
#include "probes/write_probe.h"

namespace deadcalm::probes {
namespace {

// The decoded options are shared by all that is made from them: they are most of a probe's memory.
template <class Made, class Options>
auto maker(Options decoded) {
  auto options = std::make_shared<const Options>(std::move(decoded));
  return [options](const BackendDeps& deps) { return std::make_unique<Made>(options, deps); };
}

MakeBackend postgres_maker(postgres::PostgresOptions decoded) {
  auto options = std::make_shared<const postgres::PostgresOptions>(std::move(decoded));
  return [options](const BackendDeps& deps) { return postgres::make_postgres(options, deps); };
}

struct BackendType {
  std::string_view name;
  MakeBackend (*decode)(config::Reader&);
  bool updates = false;  // knows update(): records may be updated in turn, and are so by default
};

constexpr BackendType kWriteTypes[] = {
    {"http", [](config::Reader& r) { return MakeBackend(maker<http::HttpBackend>(http::decode_http(r))); }},
    {"postgres", [](config::Reader& r) { return postgres_maker(postgres::decode_postgres(r)); }},
    {"dynamodb",
     [](config::Reader& r) {
       return MakeBackend(maker<dynamodb::DynamoBackend>(dynamodb::decode_dynamodb(r)));
     }},
    {"s3", [](config::Reader& r) { return MakeBackend(maker<s3::S3Backend>(s3::decode_s3(r))); }},
    {"redis",
     [](config::Reader& r) { return MakeBackend(maker<redis::RedisBackend>(redis::decode_redis(r))); }},
    {"exec", [](config::Reader& r) { return MakeBackend(maker<exec::ExecBackend>(exec::decode_exec(r))); }},
    {"graphql",
     [](config::Reader& r) {
       return MakeBackend(maker<graphql::GraphqlBackend>(graphql::decode_graphql(r)));
     }},
    {"appsync",
     [](config::Reader& r) {
       return MakeBackend(maker<appsync::AppsyncBackend>(appsync::decode_appsync(r)));
     },
     true},
    {"supabase",
     [](config::Reader& r) {
       return MakeBackend(maker<supabase::SupabaseBackend>(supabase::decode_supabase(r)));
     }},
};

// `write` is the map around read_from where that is of the same type, else null: a door may take from it
// what is to be read.
struct DoorType {
  std::string_view name;
  MakeBackend (*decode)(config::Reader& door, config::Reader* write);
};
constexpr DoorType kDoorTypes[] = {
    {"postgres",
     [](config::Reader& r, config::Reader* write) {
       return postgres_maker(postgres::decode_postgres_door(r, write));
     }},
    {"dynamodb",
     [](config::Reader& r, config::Reader*) {
       return MakeBackend(maker<dynamodb::DynamoBackend>(dynamodb::decode_dynamodb_door(r)));
     }},
};

ViewPath make_http_view(HttpViewOptions options) {
  const std::string target = "GET " + options.url;
  return {target, [options = std::move(options)](ViewPlace place, const ViewDeps& deps) {
            return std::make_unique<HttpView>(std::move(place), options, deps);
          }};
}

struct ViewType {
  std::string_view name;
  ViewPath (*decode)(config::Reader&);
};
constexpr ViewType kViewTypes[] = {
    {"http", [](config::Reader& r) { return make_http_view(decode_http_view(r)); }},
    {"websocket", &websocket::decode_websocket_view},
    {"exec", &exec::decode_plugin_check},
};
constexpr ViewType kCheckTypes[] = {
    {"http", &check::decode_http_check},
    {"tcp", &check::decode_tcp_check},
    {"heartbeat", &check::decode_heartbeat},
    {"exec", &exec::decode_plugin_check},
};

struct KnownType {
  std::string_view name;
  MakeKnown (*decode)(config::Reader&);
};
constexpr KnownType kKnownTypes[] = {
    {"sql",
     [](config::Reader& r) { return MakeKnown(maker<known::SqlRecord>(known::decode_sql_record(r))); }},
    {"http",
     [](config::Reader& r) { return MakeKnown(maker<known::HttpRecord>(known::decode_http_record(r))); }},
};

using MakeSource = std::function<std::unique_ptr<CountSource>(const BackendDeps&)>;

struct TrafficType {
  std::string_view name;
  MakeSource (*decode)(config::Reader&);
};
constexpr TrafficType kTrafficTypes[] = {
    {"prometheus",
     [](config::Reader& r) {
       return MakeSource(maker<traffic::PrometheusSource>(traffic::decode_prometheus(r)));
     }},
    {"sql", [](config::Reader& r) { return MakeSource(maker<traffic::SqlSource>(traffic::decode_sql(r))); }},
    {"http",
     [](config::Reader& r) {
       return MakeSource(maker<traffic::HttpCountSource>(traffic::decode_http_count(r)));
     }},
};
constexpr model::Millis kYoungestRung = std::chrono::seconds{10};
constexpr model::Millis kOldestRung = std::chrono::days{3650};
constexpr model::Millis kUsualWindow = std::chrono::minutes{5};

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return names;
}

template <class Table>
auto find_in(const Table& table, std::string_view name) {
  return std::ranges::find(table, name, [](const auto& row) { return row.name; });
}

MakeBackend decode_read_from(const std::string& write_type, config::Reader& reader) {
  auto door = reader.child("read_from");
  if (!door) return nullptr;
  const std::string type = door->text("type");
  const auto row = find_in(kDoorTypes, type);
  if (row == std::end(kDoorTypes)) {
    if (!type.empty()) {
      door->fault("type", "unknown type \"" + type + "\" to read from",
                  config::did_you_mean(type, read_from_types()));
    }
    door->leave_the_rest();
    return nullptr;
  }
  MakeBackend make = row->decode(*door, write_type == type ? &reader : nullptr);
  door->finish();
  return make;
}

// `known_record:`, one or a list.
std::vector<MakeKnown> decode_known(config::Reader& reader) {
  std::vector<MakeKnown> known;
  for (const config::Node& node : reader.list_or_one("known_record")) {
    config::Reader record(node, reader.context());
    const std::string type = record.text("type");
    const auto row = find_in(kKnownTypes, type);
    if (row == std::end(kKnownTypes)) {
      if (!type.empty()) {
        record.fault("type", "unknown type \"" + type + "\" of a known record",
                     config::did_you_mean(type, known_types()));
      }
      record.leave_the_rest();
      continue;
    }
    known.push_back(row->decode(record));
    record.finish();
  }
  return known;
}

template <std::size_t N>
ViewPath decode_with(const ViewType (&types)[N], const std::string& type, config::Reader& reader) {
  const auto row = find_in(types, type);
  if (row == std::end(types)) {  // the loader has told it already
    reader.leave_the_rest();
    return {};
  }
  ViewPath path = row->decode(reader);
  reader.finish();
  return path;
}

void decode_keep(config::Reader& reader, WritePath& path) {
  path.keep = static_cast<int>(reader.integer("keep", 2, 0, 10));
  path.clients = reader.integer("clients", 0, 0, 1'000'000'000);
  if (path.keep == 0) {
    reader.warn("keep", "every cycle plants a record and deletes one, and each deletion leaves a tombstone",
                "the first sync of every client reads them all; keep: 2 updates two records in turn");
  } else if (!path.sentinels.empty()) {
    reader.fault("sentinels",
                 "records that are updated in turn do not grow old, so there is no ladder of them",
                 "remove `sentinels`: every kept record is looked at in each cycle");
  }
}

// `budget: { canaries_a_day: 2000, live_records: 12 }`
void decode_budget(config::Reader& reader, model::Millis interval, WritePath& path) {
  auto child = reader.child("budget");
  if (!child) return;
  path.budget.canaries_a_day = child->integer("canaries_a_day", 0, 0, 100'000'000);
  path.budget.live_records = child->integer("live_records", 0, 0, 100'000);
  child->finish();
  const std::int64_t least = least_canaries_a_day(interval);
  if (path.budget.canaries_a_day > 0 && path.budget.canaries_a_day < least) {
    child->fault("canaries_a_day",
                 "fewer than a look every " + model::to_text(interval) + " takes: " + std::to_string(least),
                 "give as many, or a longer `interval:`");
  }
  const std::int64_t needed = least_live_records(path.keep, most_on_ladder(path.sentinels));
  if (path.budget.live_records > 0 && path.budget.live_records < needed) {
    child->fault("live_records",
                 "fewer than there may be in an outage: " + std::to_string(needed) +
                     " (of a cycle, of unknown fate, sentinels)",
                 "give as many, or fewer `sentinels:`");
  }
}

}  // namespace

WritePath decode_write(const std::string& type, config::Reader& reader, model::Millis interval) {
  WritePath path;
  const auto row = find_in(kWriteTypes, type);
  if (row == std::end(kWriteTypes)) {  // the loader has told it already
    reader.leave_the_rest();
    return path;
  }
  path.backend = row->decode(reader);
  path.read_from = decode_read_from(type, reader);
  path.known = decode_known(reader);
  path.sentinels = reader.durations("sentinels", kYoungestRung, kOldestRung);
  std::ranges::sort(path.sentinels);
  path.verify_every = reader.duration("verify_every", std::chrono::minutes{10}, std::chrono::seconds{1},
                                      std::chrono::hours{24});
  if (row->updates) decode_keep(reader, path);
  decode_budget(reader, interval, path);
  reader.finish();
  return path;
}

ViewPath decode_view(const std::string& type, config::Reader& reader) {
  return decode_with(kViewTypes, type, reader);
}
ViewPath decode_check(const std::string& type, config::Reader& reader) {
  return decode_with(kCheckTypes, type, reader);
}

TrafficPath decode_traffic(const std::string& type, config::Reader& reader, model::Millis interval) {
  const auto row = find_in(kTrafficTypes, type);
  if (row == std::end(kTrafficTypes)) {
    reader.leave_the_rest();
    return {};
  }
  TrafficPath path;
  path.source = row->decode(reader);
  const auto given = reader.optional_duration("window", std::chrono::seconds{1}, std::chrono::hours{1});
  path.window = given.value_or(std::max(kUsualWindow, interval));
  if (path.window < interval) {
    reader.fault("window", "the window (" + model::to_text(path.window) +
                               ") must not be shorter than the interval (" + model::to_text(interval) +
                               "), or commits between two looks are never counted");
  }
  reader.finish();
  return path;
}

std::vector<std::string> write_types() {
  return names_of(kWriteTypes);
}
std::vector<std::string> read_from_types() {
  return names_of(kDoorTypes);
}
std::vector<std::string> known_types() {
  return names_of(kKnownTypes);
}
std::vector<std::string> check_types() {
  return names_of(kCheckTypes);
}
std::vector<std::string> view_types() {
  return names_of(kViewTypes);
}
std::vector<std::string> traffic_types() {
  return names_of(kTrafficTypes);
}

}  // namespace deadcalm::probes
