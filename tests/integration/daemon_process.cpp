#include "tests/integration/daemon_process.h"

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "runtime/http_client.h"
#include "tests/support/run_task.h"

namespace deadcalm::tests {

using namespace std::chrono_literals;

namespace {

constexpr const char* kProgram = DEADCALM_BINARY_DIR "/app/deadcalm";

}  // namespace

bool eventually(const std::function<bool()>& done, model::Millis limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(20ms);  // the other side is a process of its own
  }
  return true;
}

std::optional<int> ends_within(Process& process, model::Millis limit) {
  const auto ended = [&] {
    siginfo_t info{};
    const auto id = static_cast<id_t>(process.pid());
    return ::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
  };
  if (!eventually(ended, limit)) return std::nullopt;
  return process.wait();
}

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Said http(const std::string& url, const std::string& form) {
  net::io_context io(1);
  runtime::HttpClient client(io.get_executor());
  runtime::HttpRequest request;
  request.url = url;
  if (!form.empty()) {
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = form;
  }
  request.timeout = 5s;
  const auto answer = run_task(io, client.fetch(std::move(request)));
  return answer ? Said{answer->status, answer->body} : Said{0, answer.error().message};
}

Said run_words(const std::vector<std::string>& words) {
  const TempDir dir;
  const int code = run_command(words, dir.file("out"));
  return {code, contents(dir.file("out"))};
}

Site::Site() {
  api.ask([](CanaryApi& a) { a.assigns_ids = true; });
  write_config(yaml());
}

// Ids of the server's own, so that GET /canaries is both the list of our records and what clients see.
std::string Site::yaml() const {
  const std::string canaries = api.base() + "/canaries";
  return "site: test\nstore: { path: " + store() + " }\nweb: { listen: \"127.0.0.1:" + std::to_string(port) +
         "\" }\nanchors: { targets: [ { tcp: \"" + receiver.host_and_port() +
         "\" } ], interval: 1s, timeout: 900ms }\ndefaults:\n  page: [hook]\n  interval: 1s\n"
         "  timeout: 900ms\n  policy: { failure_threshold: 3, for: 1s, recheck_interval: 200ms, "
         "success_threshold: 2, recover_for: 1s, consistency: 200ms, slow_after: 900ms }\n"
         "services:\n  - name: orders\n    write:\n      type: http\n      plant: { url: \"" +
         canaries +
         "\", json: { note: \"${canary.token}\" }, expect: { status: 201 }, capture: { id: $.data.id } }\n"
         "      read: { url: \"" +
         canaries + "/${canary.id}\" }\n      remove: { url: \"" + canaries +
         "/${canary.id}\" }\n      find: { url: \"" + canaries +
         "\", records: $.items, id: $.id, token: $.note }\n    view: { type: http, url: \"" + canaries +
         "\" }\nchannels:\n  - { name: hook, type: webhook, url: \"" + receiver.url() + "\" }\n";
}

void Site::write_config(const std::string& text) const {
  std::ofstream(config()) << text;
}

void Site::launch(const std::string& shell) {
  std::vector<std::string> words{kProgram, "-c", config(), "run"};
  if (!shell.empty()) words.insert(words.begin(), {"sh", "-c", shell + "; exec \"$@\"", "sh"});
  process = Process(words, dir.file("log"));
}

void Site::start() {
  launch();
  const bool well = eventually([&] {
    return is("healthy") &&
           metric("deadcalm_canary_seen_timestamp_seconds{service=\"orders\",view=\"view-http\"}");
  });
  INFO(log());
  REQUIRE(well);
}

Said Site::get(const std::string& path) const {
  return http("http://127.0.0.1:" + std::to_string(port) + path);
}

Said Site::deadcalm(std::vector<std::string> words) const {
  words.insert(words.begin(), {kProgram, "-c", config()});
  return run_words(words);
}

std::optional<double> Site::metric(const std::string& series) const {
  std::istringstream page(get("/metrics").text);
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(series + ' ')) return std::stod(line.substr(series.size() + 1));
  }
  return std::nullopt;
}

bool Site::is(const std::string& verdict) const {
  return get("/api/v1/services").has("\"verdict\":\"" + verdict + '"');
}

}  // namespace deadcalm::tests
