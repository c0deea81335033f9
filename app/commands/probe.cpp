// One cycle of a service, by hand. It writes under a stream of its own in a ledger in memory, and takes
// everything along at its end, so it neither disturbs a running daemon nor leaves anything behind.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "app/build_plan.h"
#include "app/commands/commands.h"
#include "model/duration.h"
#include "runtime/log.h"

namespace deadcalm::app {
namespace {

class MemoryLedger final : public probes::Ledger {
 public:
  net::awaitable<model::Result<void>> commit(std::string, probes::LedgerChange) override {
    co_return model::Result<void>{};
  }
};

std::string indented(const std::string& text) {
  std::string out = "  ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out + '\n';
}

struct Bench {
  const Configured& configured;
  net::io_context io{1};
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  MemoryLedger ledger;
  store::Identity identity{model::random_hex(4), model::Secret(model::random_hex(32))};
  PlanDeps deps{clock, client, io.get_executor(), ledger};

  explicit Bench(const Configured& c) : configured(c) {}
};

void print_dry_run(Bench& bench, const ConfiguredService& service, std::ostream& out) {
  const probes::BackendDeps deps = backend_deps(bench.configured, bench.identity, bench.deps);
  for (const ConfiguredWrite& write : service.writes) {
    const auto backend = write.path.backend(deps);
    const probes::Canary example =
        probes::make_canary(bench.identity.instance + "-example", 1, bench.clock.now().wall, deps.canary_key);
    const probes::Description d = backend->describe(example);
    out << service.name << '/' << write.common.name << ": nothing is sent. Each cycle would send:\n";
    for (const std::string& request : d.requests) out << indented(runtime::masked(request));
    if (write.path.read_from) {
      out << "and read the truth through another door:\n";
      for (const std::string& request : write.path.read_from(deps)->describe(example).requests) {
        out << indented(runtime::masked(request));
      }
    }
    for (const auto& make : write.path.known)
      out << "and every " << model::to_text(write.path.verify_every) << ":\n"
          << indented(runtime::masked(make(deps)->describe()));
    if (!d.grants.empty()) out << "needs, at least:\n";
    for (const std::string& grant : d.grants) out << indented(grant + ';');
    const double cycles = 86'400'000.0 / static_cast<double>(write.common.interval.count());
    out << fmt::format("{:.0f} cycles of {} calls: {:.0f} calls a day, {:.2f} million a month\n", cycles,
                       d.calls_per_cycle, cycles * d.calls_per_cycle, cycles * d.calls_per_cycle * 30 / 1e6);
  }
  for (const ConfiguredView& view : service.views) {
    out << service.name << '/' << view.common.name << ": " << view.path.target << " every "
        << model::to_text(view.common.interval) << '\n';
  }
  if (service.traffic) {
    const model::Millis window = service.traffic->path.window;
    const probes::CountWindow now{bench.clock.now().wall - window, window};
    out << service.name << '/' << service.traffic->common.name << ": every "
        << model::to_text(service.traffic->common.interval)
        << ", and with every look at a write that fails:\n"
        << indented(runtime::masked(service.traffic->path.source(deps)->describe(now)));
  }
}

void print_write(const model::Observation& o, std::ostream& out) {
  const auto& look = std::get<model::WriteLook>(o.look);
  out << fmt::format("  plant     {:>6} ms  {}\n", look.plant_time.count(),
                     look.acknowledged ? "accepted" : "not accepted");
  if (look.acknowledged)
    out << fmt::format("  read back {:>6} ms  {}\n", look.read_time.count(), model::name(look.read_back));
  out << fmt::format("  write: {}, read back: {}{}\n", model::name(look.write), model::name(look.read_back),
                     look.slow ? ", slow" : "");
  if (look.replica_lag)
    out << fmt::format("  on a replica, {:.1f} s behind\n",
                       static_cast<double>(look.replica_lag->count()) / 1e3);
  if (!o.detail.empty()) out << "  at " << o.step << ": " << runtime::masked(o.detail) << '\n';
}

void print_check(const model::Observation& o, std::ostream& out) {
  const auto& look = std::get<model::ViewLook>(o.look);
  out << "  ";
  if (look.http_status > 0) out << fmt::format("HTTP {}, ", look.http_status);
  out << fmt::format("{} ms: {}\n", (o.ended.steady - o.started.steady).count(), model::name(look.client));
  if (look.certificate_ends)
    out << "  the certificate ends " << model::rfc3339(*look.certificate_ends) << '\n';
  if (!o.detail.empty())
    out << "  " << (o.step.empty() ? "" : "at " + o.step + ": ") << runtime::masked(o.detail) << '\n';
}

void print_view(const model::Observation& o, std::ostream& out) {
  const auto& look = std::get<model::ViewLook>(o.look);
  out << fmt::format("  HTTP {}, {} ms, client: {}, cache: {}{}\n", look.http_status,
                     (o.ended.steady - o.started.steady).count(), model::name(look.client),
                     model::name(look.cache),
                     look.cache_evidence.empty() ? "" : " (" + look.cache_evidence + ")");
  if (look.newest) {
    out << fmt::format("  newest token: number {} of {}, {} old\n", look.newest->seq, look.newest->stream,
                       model::for_people(o.ended.wall - look.newest->written));
  } else {
    out << "  no token with a valid mac in the answer\n";
  }
  if (!o.detail.empty()) out << "  " << runtime::masked(o.detail) << '\n';
}

// Subscribes before anything is written; what is wrong then is told with the look that counts.
net::awaitable<void> subscribe(monitor::ServicePlan& plan) {
  for (monitor::ViewPlan& view : plan.views) {
    if (view.view->subscribes()) (void)co_await view.view->look();
  }
}

// One that is pushed to is given two seconds for what was just written.
net::awaitable<model::Observation> look_at(probes::View& view, bool written, runtime::Clock& clock) {
  model::Observation o = co_await view.look();
  for (int i = 0; i < 20 && written && view.subscribes(); ++i) {
    const auto& look = std::get<model::ViewLook>(o.look);
    if (look.newest || look.client != model::Client::ok) break;
    co_await clock.sleep_for(model::Millis{100});
    o = co_await view.look();
  }
  co_return o;
}

net::awaitable<void> look_once(monitor::ServicePlan& plan, runtime::Clock& clock, std::ostream& out,
                               int& code) {
  co_await subscribe(plan);
  const bool pushed =
      std::ranges::any_of(plan.views, [](const monitor::ViewPlan& view) { return view.view->subscribes(); });
  for (monitor::WritePlan& write : plan.writes) {
    out << plan.name << '/' << write.probe->options().probe << ": "
        << write.probe->backend().describe({}).target << '\n';
    // Where records are updated in turn, updates are what is pushed, and the first cycles only create them.
    int left_to_run = pushed ? write.probe->options().keep + 1 : 1;
    auto publish = [&](const model::Observation& o) {
      const auto& look = std::get<model::WriteLook>(o.look);
      const bool good = look.write == model::Write::ok && look.read_back == model::ReadBack::ok;
      if (!good) code = kFailed;
      left_to_run = good ? left_to_run - 1 : 0;
      if (left_to_run == 0) print_write(o, out);
    };
    while (left_to_run > 0) co_await write.probe->run(publish);
    const std::size_t left = co_await write.probe->drop_all();
    out << (left == 0 ? "  removed   everything that was planted\n"
                      : "  NOT removed: " + std::to_string(left) + " record(s) of stream " +
                            write.probe->stream().name + '\n');
  }
  for (std::size_t i = 0; i < plan.views.size(); ++i) {
    out << plan.name << '/' << plan.views[i].view->name() << '\n';
    const model::Observation o = co_await look_at(*plan.views[i].view, !plan.writes.empty(), clock);
    plan.policy.views[i].is_check ? print_check(o, out) : print_view(o, out);
    if (std::get<model::ViewLook>(o.look).client != model::Client::ok) code = kFailed;
  }
  for (monitor::ViewPlan& view : plan.views) co_await view.view->close();
  if (!plan.traffic || !plan.policy.traffic) co_return;
  out << plan.name << '/' << plan.policy.traffic->name << '\n';
  const model::Instant now = clock.now();
  const probes::CountWindow window{now.wall - plan.traffic->window, plan.traffic->window};
  const model::SteadyTime deadline = now.steady + plan.traffic->timeout;
  const probes::Counted counted = co_await plan.traffic->source->count(window, deadline);
  if (!counted) code = kFailed;
  out << (counted ? fmt::format("  {:.6g} commits in the last {}\n", *counted, model::to_text(window.window))
                  : "  NOT counted: " + runtime::masked(counted.error()) + '\n');
}

}  // namespace

int probe_once(const GlobalFlags& flags, const std::string& name, bool dry_run, std::ostream& out,
               std::ostream& err) {
  const auto configured = load_or_tell(flags, err);
  if (!configured) return kBadUsage;
  runtime::mask_in_logs(configured->loaded.secrets);
  const auto service = std::ranges::find(configured->services, name, &ConfiguredService::name);
  if (service == configured->services.end()) {
    std::vector<std::string> names;
    for (const auto& s : configured->services) names.push_back(s.name);
    const std::string hint = config::did_you_mean(name, names);
    err << "deadcalm: no service \"" << name << "\"" << (hint.empty() ? "" : "; " + hint) << '\n';
    return kBadUsage;
  }
  Bench bench(*configured);
  if (dry_run) {
    print_dry_run(bench, *service, out);
    return kDone;
  }
  // The daemon's own tokens are made with its own key; views are read with that one where it is given.
  const Remembered nothing{bench.identity, {}, {}, {}};
  monitor::Plan plan = build_plan(*configured, nothing, bench.deps);
  const auto wanted = std::ranges::find(plan.services, name, &monitor::ServicePlan::name);
  int code = kDone;
  std::exception_ptr failure;
  net::co_spawn(bench.io, look_once(*wanted, bench.clock, out, code),
                [&](std::exception_ptr e) { failure = std::move(e); });
  bench.io.run();
  if (failure) std::rethrow_exception(failure);
  return code;
}

}  // namespace deadcalm::app
