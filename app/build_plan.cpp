#include "app/build_plan.h"

#include <spdlog/spdlog.h>

#include <map>

#include "app/descriptors.h"

namespace deadcalm::app {
namespace {

// FNV-1a, as short hex: tells streams of one instance apart.
std::string short_hash(const std::string& text) {
  std::uint32_t h = 2166136261U;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{:08x}", h).substr(0, 6);
}

// At most 32 of [a-z0-9-]: instance, the service for people, and a hash of what makes it unique.
std::string stream_name(const std::string& instance, const model::Stream& s) {
  std::string service = s.service.substr(0, 16);
  while (service.ends_with('-')) service.pop_back();
  return instance + '-' + service + '-' + short_hash(s.service + '\n' + s.probe + '\n' + s.target);
}

// What the store remembers, found by name; what is taken is in use, the rest are orphans.
class Memory {
 public:
  explicit Memory(const Remembered& remembered) : instance_(remembered.identity.instance) {
    for (const model::Stream& s : remembered.streams) streams_.emplace(key(s), s);
    for (const model::Record& r : remembered.records) records_[r.stream].push_back(r);
  }

  model::Stream take_stream(const std::string& service, const std::string& probe, const std::string& target) {
    model::Stream wanted;
    wanted.service = service;
    wanted.probe = probe;
    wanted.target = target;
    if (auto found = streams_.extract(key(wanted)); !found.empty()) return std::move(found.mapped());
    wanted.name = stream_name(instance_, wanted);
    return wanted;
  }

  std::vector<model::Record> take_records(const std::string& stream) {
    auto found = records_.extract(stream);
    return found.empty() ? std::vector<model::Record>{} : std::move(found.mapped());
  }

  void tell_orphans();

 private:
  static std::string key(const model::Stream& s) { return s.service + '\n' + s.probe + '\n' + s.target; }

  std::string instance_;
  std::map<std::string, model::Stream> streams_;
  std::map<std::string, std::vector<model::Record>> records_;
};

void Memory::tell_orphans() {
  for (const auto& [unused, s] : streams_) {
    const auto left = take_records(s.name).size();
    if (left == 0) continue;
    spdlog::warn(
        "{} of our records are still at {} (service {}), which is no longer configured: configure it again "
        "and "
        "run `deadcalm sentinels drop {}`, or remove them by hand (tokens start with dc1.{}.)",
        left, s.target, s.service, s.service, s.name);
  }
}

probes::AnchorTarget anchor(const config::AnchorOptions& options) {
  return {static_cast<probes::AnchorKind>(options.kind), options.target};
}

}  // namespace

model::Result<Remembered> remember(store::Store& store) {
  Remembered out;
  auto identity = store.identity();
  if (!identity) return std::unexpected(identity.error());
  auto streams = store.streams();
  if (!streams) return std::unexpected(streams.error());
  auto records = store.records();
  if (!records) return std::unexpected(records.error());
  const auto anchors = store.documents("anchor");
  if (!anchors) return std::unexpected(anchors.error());
  out.identity = *std::move(identity);
  out.streams = *std::move(streams);
  out.records = *std::move(records);
  for (const store::Document& document : *anchors) out.proved_anchors.insert(document.key);
  return out;
}

probes::BackendDeps backend_deps(const Configured& configured, const store::Identity& identity,
                                 const PlanDeps& deps) {
  const auto& given = configured.options().canary_key;
  return {deps.clock,        deps.client,
          deps.executor,     configured.loaded.environment,
          identity.instance, given.value_or(identity.canary_key)};
}

monitor::Plan build_plan(const Configured& configured, const Remembered& remembered, const PlanDeps& deps) {
  const config::Options& options = configured.options();
  const probes::BackendDeps backend = backend_deps(configured, remembered.identity, deps);
  monitor::Plan plan;
  plan.site = options.site;
  plan.instance = remembered.identity.instance;
  plan.site_policy.blind_for = options.defaults.policy.blind_for;
  plan.anchor_interval = options.anchors.interval;
  plan.retention = options.store.retention;
  plan.max_in_flight =
      options.max_in_flight > 0 ? options.max_in_flight : looks_for(raise_descriptor_limit());
  std::vector<probes::AnchorTarget> targets;
  targets.reserve(options.anchors.targets.size());
  for (const auto& target : options.anchors.targets) targets.push_back(anchor(target));
  plan.anchors = std::make_unique<probes::Anchors>(std::move(targets), options.anchors.timeout, deps.clock,
                                                   deps.client, remembered.proved_anchors);
  plan.heartbeats = std::make_unique<probes::check::HeartbeatBoard>();
  Memory memory(remembered);
  plan.services.reserve(configured.services.size());
  for (const ConfiguredService& service : configured.services) {
    monitor::ServicePlan& out = plan.services.emplace_back();
    out.name = service.name;
    out.policy = service.policy;
    for (std::size_t i = 0; i < service.writes.size(); ++i) {
      const ConfiguredWrite& write = service.writes[i];
      auto own_door = write.path.backend(backend);
      const std::string target = own_door->describe({}).target;
      model::Stream stream = memory.take_stream(service.name, write.common.name, target);
      auto records = memory.take_records(stream.name);
      out.policy.writes[i].stream = stream.name;
      const probes::WriteProbeOptions probe_options{
          service.name,          write.common.name,    write.common.timeout,    write.consistency,
          write.slow_after,      write.path.sentinels, write.path.verify_every, write.path.keep,
          write.common.interval, write.path.budget};
      probes::WriteProbeDeps probe_deps{deps.clock, deps.ledger, backend.canary_key, std::move(own_door),
                                        write.path.read_from ? write.path.read_from(backend) : nullptr};
      for (const auto& make : write.path.known) probe_deps.known.push_back(make(backend));
      out.writes.push_back({std::make_unique<probes::WriteProbe>(probe_options, std::move(probe_deps),
                                                                 std::move(stream), std::move(records)),
                            write.common.interval});
    }
    for (const ConfiguredView& view : service.views) {
      const probes::ViewDeps view_deps{deps.clock,          deps.client,        deps.executor,
                                       backend.instance,    backend.canary_key, plan.heartbeats.get(),
                                       &backend.environment};
      out.views.push_back({view.path.make({service.name, view.common.name, view.common.timeout}, view_deps),
                           view.common.interval, view.path.heartbeat});
    }
    if (service.traffic) {
      const config::ProbeOptions& common = service.traffic->common;
      out.traffic = monitor::TrafficPlan{service.traffic->path.source(backend), common.interval,
                                         common.timeout, service.traffic->path.window};
    }
  }
  memory.tell_orphans();
  return plan;
}

}  // namespace deadcalm::app
