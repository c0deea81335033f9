#include "probes/check/heartbeat.h"

#include "model/duration.h"

namespace deadcalm::probes::check {

HeartbeatJudgement judge(const HeartbeatState& state, const HeartbeatOptions& options, model::WallTime now) {
  const auto ago = [&](model::WallTime at) { return model::for_people(now - at); };
  if (state.failed) {
    const std::string code = state.exit_code != 0 ? ", exit code " + std::to_string(state.exit_code) : "";
    return {true, "run", "the job said that it failed, " + ago(*state.failed) + " ago" + code};
  }
  if (state.started && options.longest > model::Millis{0} && now - *state.started > options.longest) {
    return {true, "run",
            "started " + ago(*state.started) +
                " ago and has not ended (longest: " + model::for_people(options.longest) + ')'};
  }
  if (!state.last_ok) {
    if (state.started && now - *state.started > options.every + options.grace) {
      return {true, "run", "started " + ago(*state.started) + " ago and has not told how it ended"};
    }
    if (state.started) return {};
    return {false, "heartbeat", "the job has not told anything yet"};
  }
  if (now - *state.last_ok > options.every + options.grace) {
    return {true, "heartbeat",
            "last heard " + ago(*state.last_ok) + " ago, expected every " + model::for_people(options.every) +
                " (and " + model::for_people(options.grace) + " of grace)"};
  }
  return {};
}

ViewPath decode_heartbeat(config::Reader& reader) {
  HeartbeatOptions options;
  options.every =
      reader.duration("every", std::chrono::hours{1}, std::chrono::seconds{1}, std::chrono::days{400});
  if (!reader.has("every")) reader.fault("every", "how often the job runs is missing", "write `every: 1h`");
  options.grace = reader.duration("grace", options.every / 10, model::Millis{0}, std::chrono::days{400});
  options.longest = reader.duration("longest", model::Millis{0}, model::Millis{0}, std::chrono::days{400});
  const std::string name = reader.text("name");  // its address: a default would move with the file
  ViewPath path;
  path.target = "heartbeats at /api/v1/heartbeats/" + name;
  path.heartbeat = name;
  path.unseen = options.every + options.grace;
  path.make = [options](ViewPlace place, const ViewDeps& deps) {
    return std::make_unique<HeartbeatCheck>(std::move(place), options, deps);
  };
  return path;
}

HeartbeatCheck::HeartbeatCheck(ViewPlace place, HeartbeatOptions options, const ViewDeps& deps)
    : place_(std::move(place)), options_(options), clock_(deps.clock), board_(deps.heartbeats) {
  if (board_ != nullptr) board_->expect(place_.probe);
}

net::awaitable<model::Observation> HeartbeatCheck::look() {
  model::Observation observation;
  observation.service = place_.service;
  observation.probe = place_.probe;
  observation.started = observation.ended = clock_.now();
  model::ViewLook look;
  if (board_ == nullptr) {
    observation.step = "heartbeat";
    observation.detail = "only the running daemon knows";
  } else {
    HeartbeatJudgement judged = judge(board_->at(place_.probe), options_, observation.ended.wall);
    look.client = !judged.known           ? model::Client::unknown
                  : judged.detail.empty() ? model::Client::ok
                                          : model::Client::fail;
    observation.step = std::move(judged.step);
    observation.detail = std::move(judged.detail);
  }
  observation.look = std::move(look);
  co_return observation;
}

}  // namespace deadcalm::probes::check
