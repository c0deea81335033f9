#include "app/configured.h"

#include <set>

namespace deadcalm::app {
namespace {

evaluator::Policy policy_of(const config::ServiceOptions& service, const config::Options& options) {
  const config::PolicyOptions& p = service.policy;
  evaluator::Policy policy;
  policy.service = service.name;
  policy.failure_threshold = p.failure_threshold;
  policy.for_ = p.failing_for;
  policy.recheck_interval = p.recheck_interval;
  policy.success_threshold = p.success_threshold;
  policy.recover_for = p.recover_for;
  policy.loss_recheck = p.loss_recheck;
  policy.blind_for = p.blind_for;
  policy.stale_after = p.stale_after;
  policy.has_anchors = !options.anchors.targets.empty();
  policy.anchor_interval = options.anchors.interval;
  for (const config::ProbeOptions& write : service.write) {
    policy.writes.push_back({write.name, "", write.interval, write.timeout});
  }
  for (const config::ProbeOptions& view : service.view)
    policy.views.push_back({view.name, view.interval, view.timeout, false, {}});
  for (const config::ProbeOptions& check : service.check)
    policy.views.push_back({check.name, check.interval, check.timeout, true, {}});
  if (service.traffic) {
    policy.traffic = evaluator::CountSource{service.traffic->source.name, service.traffic->source.interval};
    policy.on_silence_page = service.traffic->on_silence == config::OnSilence::page;
  }
  return policy;
}

}  // namespace

Configured::Configured(config::Loaded file) : loaded(std::move(file)) {
  if (!loaded.options) return;
  config::Context context = loaded.context();
  services.reserve(loaded.options->services.size());
  std::set<std::string> heartbeats;
  for (config::ServiceOptions& service : loaded.options->services) {
    ConfiguredService& out = services.emplace_back();
    out.name = service.name;
    out.policy = policy_of(service, *loaded.options);
    for (config::ProbeOptions& write : service.write) {
      config::Reader reader = write.reader(context);
      probes::WritePath path = probes::decode_write(write.type, reader, write.interval);
      write.node = {};  // decoded: with ten thousand probes the trees would be most of the memory
      out.writes.push_back(
          {write, std::move(path), slow_after(service.policy, write), service.policy.consistency});
    }
    for (config::ProbeOptions& view : service.view) {
      config::Reader reader = view.reader(context);
      probes::ViewPath path = probes::decode_view(view.type, reader);
      view.node = {};
      out.views.push_back({view, std::move(path)});
    }
    for (config::ProbeOptions& check : service.check) {
      config::Reader reader = check.reader(context);
      probes::ViewPath path = probes::decode_check(check.type, reader);
      if (!path.heartbeat.empty() && !heartbeats.insert(path.heartbeat).second) {
        reader.fault("name",
                     "another heartbeat is named \"" + path.heartbeat + "\", and jobs tell themselves by it",
                     "give each its own name");
      }
      check.node = {};
      out.policy.views[out.views.size()].unseen = path.unseen;
      out.views.push_back({check, std::move(path)});
    }
    if (service.traffic) {
      config::ProbeOptions& source = service.traffic->source;
      config::Reader reader = source.reader(context);
      probes::TrafficPath path = probes::decode_traffic(source.type, reader, source.interval);
      source.node = {};
      out.traffic = std::make_unique<ConfiguredTraffic>(source, std::move(path));
    }
  }
  for (const config::ServiceOptions& service : loaded.options->services) {
    if (service.policy.blind_for == loaded.options->defaults.policy.blind_for) continue;
    loaded.faults.warn(service.mark, service.path.text(),
                       "blind_for is the whole site's: this one has no effect", "set it in defaults.policy");
  }
  for (const config::ChannelOptions& channel : loaded.options->channels) {
    config::Reader reader = channel.reader(context);
    channels.push_back({channel.name, channel.type, alerting::decode_channel(channel.type, reader)});
  }
}

config::KnownTypes known_types() {
  config::KnownTypes types;
  types.write = probes::write_types();
  types.view = probes::view_types();
  types.check = probes::check_types();
  types.traffic = probes::traffic_types();
  types.channels = alerting::channel_types();
  return types;
}

std::unique_ptr<Configured> configure_file(const std::string& file, const config::Environment& environment) {
  return std::make_unique<Configured>(config::load_file(file, environment, known_types()));
}

std::unique_ptr<Configured> configure_text(const std::string& text, const std::string& name,
                                           const config::Environment& environment) {
  return std::make_unique<Configured>(config::load_text(text, name, environment, known_types()));
}

}  // namespace deadcalm::app
