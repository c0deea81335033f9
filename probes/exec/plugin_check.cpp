#include "probes/exec/plugin_check.h"

#include <algorithm>
#include <array>

#include "model/token.h"
#include "probes/exec/exit_status.h"
#include "probes/exec/plugin.h"

namespace deadcalm::probes::exec {
namespace {

using model::Client;
using End = runtime::CommandAnswer::End;

struct Row {
  const char* word;
  Client client;
};
constexpr std::array<Row, 4> kPluginStatuses{
    {{"OK", Client::ok}, {"WARNING", Client::ok}, {"CRITICAL", Client::fail}, {"UNKNOWN", Client::unknown}}};

}  // namespace

PluginVerdict judge_plugin(const runtime::CommandAnswer& answer) {
  const bool ended = answer.end == End::exited;
  if (!ended || answer.status < 0 || answer.status >= static_cast<int>(kPluginStatuses.size())) {
    const auto failure = classify(answer);
    return {answer.end == End::timed_out ? Client::fail : Client::unknown,
            failure ? failure->detail : "no answer of a plugin"};
  }
  const Row& row = kPluginStatuses[static_cast<std::size_t>(answer.status)];
  PluginVerdict verdict{row.client, ""};
  if (answer.status == 0) return verdict;
  const PluginOutput output = parse_plugin_output(answer.out);
  verdict.detail = row.word;
  const std::string said = output.text.empty() ? first_line(answer.err) : output.text;
  if (!said.empty()) verdict.detail += ": " + said;
  if (const std::string past = past_their_limits(output.measurements); !past.empty())
    verdict.detail += "; " + past;
  return verdict;
}

PluginCheck::PluginCheck(ViewPlace place, PluginCheckOptions options, const ViewDeps& deps)
    : place_(std::move(place)),
      options_(std::move(options)),
      clock_(deps.clock),
      instance_(deps.instance),
      canary_key_(deps.canary_key),
      runner_(deps.clock, deps.executor) {}

net::awaitable<model::Observation> PluginCheck::look() {
  model::Observation observation;
  observation.service = place_.service;
  observation.probe = place_.probe;
  observation.started = clock_.now();
  const auto nothing = [](std::string_view) { return std::string(); };
  const Variables variables{{"DEADCALM_VERB", "view"}, {"DEADCALM_INSTANCE", instance_}};
  runtime::CommandRequest request = request_of(options_.command, options_.surroundings, variables, nothing);
  const model::SteadyTime deadline = observation.started.steady + place_.timeout;
  const runtime::CommandAnswer answer = co_await runner_.run(std::move(request), deadline);
  observation.ended = clock_.now();

  model::ViewLook look;
  PluginVerdict verdict = judge_plugin(answer);
  look.client = verdict.client;
  const auto tokens = model::find_tokens(answer.out, canary_key_);
  const auto newest = std::ranges::max_element(tokens, {}, &model::Token::written);
  if (newest != tokens.end()) look.newest = model::SeenToken{newest->stream, newest->seq, newest->written};
  if (!verdict.detail.empty()) {
    observation.step = "command";
    observation.detail = std::move(verdict.detail);
  }
  observation.look = look;
  co_return observation;
}

}  // namespace deadcalm::probes::exec
