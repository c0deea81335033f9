#include "probes/exec/exec_backend.h"

#include <sstream>

#include "probes/exec/exit_status.h"
#include "probes/http/http_step.h"

namespace deadcalm::probes::exec {
namespace {

StepFailure contract(std::string detail) {
  return {model::Write::contract, std::move(detail), true, false, false};
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

bool says_not_there(const runtime::CommandAnswer& answer) {
  return answer.end == runtime::CommandAnswer::End::exited && answer.status == kNotThere;
}

}  // namespace

ExecBackend::ExecBackend(std::shared_ptr<const ExecOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      deps_(std::move(deps)),
      runner_(deps_.clock, deps_.executor) {}

net::awaitable<runtime::CommandAnswer> ExecBackend::run(const char* verb, const CommandLine& line,
                                                        Canary canary, model::SteadyTime deadline) {
  const http::Names names{canary};
  const Variables variables{{"DEADCALM_VERB", verb},
                            {"DEADCALM_TOKEN", canary.token},
                            {"DEADCALM_ID", canary.record_id},
                            {"DEADCALM_UUID", canary.uuid()},
                            {"DEADCALM_INT", std::to_string(canary.number())},
                            {"DEADCALM_STREAM", canary.stream},
                            {"DEADCALM_INSTANCE", deps_.instance}};
  runtime::CommandRequest request = request_of(line, options_.surroundings, variables, std::cref(names));
  co_return co_await runner_.run(std::move(request), deadline);
}

net::awaitable<PrepareAnswer> ExecBackend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // what the commands need is their owner's
}

net::awaitable<PlantAnswer> ExecBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  const auto ran = co_await run("plant", options_.plant, canary, deadline);
  answer.failure = classify(ran);
  co_return answer;
}

net::awaitable<ReadAnswer> ExecBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  const auto ran = co_await run("read", options_.read, canary, deadline);
  if (says_not_there(ran)) {
    answer.found = Found::no;
  } else if (auto failure = classify(ran)) {
    answer.failure = std::move(failure);
  } else if (ran.out.find(canary.token) != std::string::npos) {
    answer.found = Found::yes;
    answer.token = canary.token;
  } else if (is_blank(ran.out)) {
    answer.found = Found::no;
  } else if (!model::find_tokens(ran.out, deps_.canary_key, 1).empty()) {
    answer.found = Found::yes;
    answer.token = "another token of ours";
  } else {
    answer.failure =
        contract("exit status 0, but the token is not in what it printed: " + first_line(ran.out));
  }
  co_return answer;
}

// Read first: a removal is only sent for what holds our token.
net::awaitable<RemoveAnswer> ExecBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  const ReadAnswer there = co_await read(canary, deadline);
  if (there.failure) {
    answer.failure = there.failure;
  } else if (there.found == Found::no) {
    answer.removed = Removed::was_absent;
  } else if (there.token != canary.token) {
    answer.failure = contract("not removed: the record does not hold our token any more");
  } else {
    const auto ran = co_await run("remove", options_.remove, canary, deadline);
    answer.removed = says_not_there(ran) ? Removed::was_absent : Removed::yes;
    if (answer.removed == Removed::yes) answer.failure = classify(ran);
  }
  co_return answer;
}

net::awaitable<FindAnswer> ExecBackend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  if (!options_.find) {
    answer.failure = contract("no find command is configured");
    co_return answer;
  }
  const Canary nobody{stream, 0, "", ""};
  const auto ran = co_await run("find", *options_.find, nobody, deadline);
  answer.failure = classify(ran);
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) {
    const auto ours = model::find_tokens(line, deps_.canary_key, 1);
    if (!ours.empty() && is_of(ours[0], stream))
      answer.records.push_back({line.substr(0, line.find(' ')), encode(ours[0], deps_.canary_key)});
  }
  co_return answer;
}

Description ExecBackend::describe(const Canary& example) const {
  Description description;
  description.target = "exec " + in_words(options_.plant);
  description.proves = "what " + in_words(options_.plant) + " writes";
  description.can_find = options_.find.has_value();
  description.calls_per_cycle = 6;  // the removal reads before it runs
  if (example.token.empty()) return description;
  description.requests = {"plant   " + in_words(options_.plant), "read    " + in_words(options_.read),
                          "remove  " + in_words(options_.remove)};
  if (options_.find) description.requests.push_back("find    " + in_words(*options_.find));
  for (std::string& request : description.requests)
    request += "\n  DEADCALM_ID=" + example.record_id + "\n  DEADCALM_TOKEN=" + example.token;
  return description;
}

}  // namespace deadcalm::probes::exec
