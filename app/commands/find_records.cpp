#include "app/commands/find_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>

#include "app/commands/commands.h"
#include "model/duration.h"
#include "runtime/log.h"

namespace deadcalm::app {
namespace {

// Nothing is noted: nothing is planted.
class NoLedger final : public probes::Ledger {
 public:
  net::awaitable<model::Result<void>> commit(std::string, probes::LedgerChange) override {
    co_return model::fail(model::ErrorKind::unavailable, "this command writes nothing");
  }
};

struct Found {
  std::size_t records = 0, on_ledger = 0;
  model::WallTime oldest = model::WallTime::max(), newest{};
};

std::map<std::string, Found> by_stream(const probes::FindAnswer& answer, const model::Secret& key,
                                       const Remembered& remembered) {
  std::map<std::string, Found> streams;
  for (const probes::FoundRecord& record : answer.records) {
    const auto token = model::decode(record.token, key);
    if (!token) continue;
    Found& found = streams[token->stream];
    ++found.records;
    found.on_ledger +=
        std::ranges::count(remembered.records, record.token, &model::Record::token) > 0 ? 1 : 0;
    found.oldest = std::min(found.oldest, token->written);
    found.newest = std::max(found.newest, token->written);
  }
  return streams;
}

void print(const std::map<std::string, Found>& streams, const Remembered& remembered, model::WallTime now,
           std::ostream& out) {
  const auto age = [now](model::WallTime at) {
    return model::for_people(std::max(model::Millis{0}, now - at));
  };
  for (const auto& [stream, found] : streams) {
    const bool ours = std::ranges::count(remembered.streams, stream, &model::Stream::name) > 0;
    out << fmt::format("  {:<32} {:>5} found, {} to {} old: ", stream, found.records, age(found.newest),
                       age(found.oldest));
    const std::size_t unknown = found.records - found.on_ledger;
    if (!ours) {
      out << "of another instance, which removes them itself\n";
    } else if (unknown == 0) {
      out << "ours, all on the ledger\n";
    } else {
      out << fmt::format("ours, {} NOT on the ledger: brought back by a restore? deadcalm sentinels accept\n",
                         unknown);
    }
  }
  if (streams.empty()) out << "  nothing with a token of our key\n";
}

}  // namespace

int find_records(const Configured& configured, const ConfiguredService& service, const Remembered& remembered,
                 std::ostream& out) {
  net::io_context io{1};
  runtime::SystemClock clock;
  runtime::HttpClient client(io.get_executor());
  NoLedger ledger;
  const PlanDeps plan{clock, client, io.get_executor(), ledger};
  const probes::BackendDeps deps = backend_deps(configured, remembered.identity, plan);
  int code = kDone;
  for (const ConfiguredWrite& write : service.writes) {
    const auto backend = write.path.backend(deps);
    const probes::Description description = backend->describe({});
    out << service.name << '/' << write.common.name << "  in " << description.target << '\n';
    if (!description.can_find) {
      out << "  own records cannot be listed here (no `find:`)\n";
      continue;
    }
    probes::FindAnswer answer;
    net::co_spawn(io, backend->find("", clock.now().steady + write.common.timeout),
                  [&](const std::exception_ptr&, probes::FindAnswer found) { answer = std::move(found); });
    io.run();
    io.restart();
    backend->finish();
    if (answer.failure) {
      out << "  NOT listed: " << runtime::masked(answer.failure->detail) << '\n';
      code = kFailed;
      continue;
    }
    print(by_stream(answer, deps.canary_key, remembered), remembered, clock.now().wall, out);
  }
  return code;
}

}  // namespace deadcalm::app
