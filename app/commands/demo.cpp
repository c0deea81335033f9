// `deadcalm demo`: a small shop on loopback, its cache, and a real daemon watching both. Nothing is
// scripted but the shop's fate (kFate): every number on the screen was measured.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/commands/commands.h"
#include "app/daemon.h"
#include "demo/cdn.h"
#include "demo/shop.h"
#include "evaluator/promise.h"
#include "model/duration.h"
#include "runtime/log.h"

namespace deadcalm::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace net::experimental::awaitable_operators;

constexpr const char* kConfig = R"(# The demo's own configuration: real, but in a hurry.
site: demo
store: { path: STORE }
web: { listen: "127.0.0.1:WEB" }
log: { level: warn }
anchors: { targets: [ { tcp: "127.0.0.1:ANCHOR" } ], interval: 2s, timeout: 1s }
defaults:
  page: [console]
  notify: [console]
  interval: 2s
  timeout: 1s
  policy:
    failure_threshold: 3
    for: 2s
    recheck_interval: 1s
    loss_recheck: 1s
    success_threshold: 5
    recover_for: 8s
    consistency: 500ms
services:
  - name: orders
    write:
      - type: http
        resource: "http://127.0.0.1:SHOP/canaries"
        json: { note: "${canary.token}" }
    view:
      - { type: http, url: "http://127.0.0.1:CDN/orders" }
channels:
  - { name: console, type: console }
)";

std::string with(std::string text, const std::string& word, const std::string& value) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size())) {
    text.replace(at, word.size(), value);
  }
  return text;
}

// A folder for the shop's and the monitor's files, deleted at the end.
class DemoFolder {
 public:
  DemoFolder() {
    std::string name = (fs::temp_directory_path() / "deadcalm-demo-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("cannot make " + name + ": " + std::strerror(errno) +
                               "; set TMPDIR to a folder that is writable (in a container: --tmpfs /tmp)");
    }
    path_ = name;
  }
  ~DemoFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(const char* file) const { return path_ / file; }

 private:
  fs::path path_;
};

// The first free port at or after the preferred one, so that the addresses on the screen stay the same
// on most machines.
template <class Server, class... Arguments>
std::uint16_t listen(Server& server, std::uint16_t preferred, Arguments... arguments) {
  for (std::uint16_t port = preferred; port < preferred + 20; ++port) {
    if (const auto bound = server.start("127.0.0.1:" + std::to_string(port), arguments...)) return *bound;
  }
  return server.start("127.0.0.1:0", arguments...).value();
}

class Demo {
 public:
  Demo(net::any_io_executor executor, std::ostream& out)
      : executor_(executor),
        out_(out),
        shop_(executor, (folder_ / "shop.db").string()),
        customer_(std::move(executor)) {}

  net::awaitable<void> run(int seconds);

 private:
  enum class Fate { alive, deleted, empty, restored };

  net::awaitable<void> open_shop();
  net::awaitable<void> change_fate(model::Millis passed);
  net::awaitable<void> look_as_a_customer();
  void print_line(model::Millis passed);
  void say(model::Millis passed, const std::string& what);
  std::string clients_column(const model::ServiceStatus& s) const;
  std::string writes_column(const model::ServiceStatus& s);
  std::string verdict_column(const model::ServiceStatus& s);
  void heard(const model::Transition& t);
  void print_pages();
  net::awaitable<void> close(model::Millis passed);

  net::any_io_executor executor_;
  std::ostream& out_;
  DemoFolder folder_;
  demo::Shop shop_;
  std::unique_ptr<demo::Cdn> cdn_;
  runtime::HttpClient customer_;
  runtime::SystemClock clock_;
  std::unique_ptr<Configured> configured_;
  std::unique_ptr<Daemon> daemon_;
  std::uint16_t shop_port_ = 0, cdn_port_ = 0;
  Fate fate_ = Fate::alive;
  model::Instant started_{};
  std::optional<model::SteadyTime> deleted_at_, paged_at_;
  std::ostringstream console_;  // where the daemon's console channel writes
  int pages_ = 0;
  int gets_ = 0, green_ = 0, last_status_ = 0;
  model::Millis last_took_{0};
  std::string news_;
};

std::string stopwatch(model::Millis passed) {
  const auto s = passed.count() / 1000;
  return fmt::format("{:02}:{:02}", s / 60, s % 60);
}

void Demo::say(model::Millis passed, const std::string& what) {
  out_ << fmt::format(" {}  >>> {} <<<\n", stopwatch(passed), what) << std::flush;
}

net::awaitable<void> Demo::open_shop() {
  shop_port_ = listen(shop_, 8082, true);
  cdn_ = std::make_unique<demo::Cdn>(executor_, "http://127.0.0.1:" + std::to_string(shop_port_));
  cdn_port_ = listen(*cdn_, 8081);
  std::string text = with(kConfig, "STORE", (folder_ / "deadcalm.db").string());
  text = with(text, "SHOP", std::to_string(shop_port_));
  text = with(text, "CDN", std::to_string(cdn_port_));
  text = with(text, "ANCHOR", std::to_string(cdn_port_));
  text = with(text, "WEB", "0");
  configured_ = configure_text(text, "demo.yaml", config::process_environment());
  if (!configured_->ok()) throw std::runtime_error(configured_->loaded.faults.text());
  std::ofstream(folder_ / "demo.yaml") << text;
  DaemonHooks hooks;
  hooks.on_transition = [this](const model::Transition& t) { heard(t); };
  daemon_ = std::make_unique<Daemon>(executor_, *configured_, console_, hooks);
  const auto running = co_await daemon_->start();
  if (!running) throw std::runtime_error(running.error().message);
}

net::awaitable<void> Demo::change_fate(model::Millis passed) {
  if (fate_ == Fate::alive && passed >= 12s) {
    fate_ = Fate::deleted;
    fs::copy_file(folder_ / "shop.db", folder_ / "backup.db");
    co_await shop_.stop();
    fs::remove(folder_ / "shop.db");
    deleted_at_ = clock_.now().steady;
    say(passed, "rm shop.db; the API is gone. The whole environment is deleted.");
  } else if (fate_ == Fate::deleted && passed >= 25s) {
    fate_ = Fate::empty;
    (void)shop_.start("127.0.0.1:" + std::to_string(shop_port_), false);
    say(passed, "the API and an EMPTY database are back: every ordinary check is content");
  } else if (fate_ == Fate::empty && passed >= 35s) {
    fate_ = Fate::restored;
    co_await shop_.stop();
    fs::copy_file(folder_ / "backup.db", folder_ / "shop.db", fs::copy_options::overwrite_existing);
    (void)shop_.start("127.0.0.1:" + std::to_string(shop_port_), false);
    model::Command accept;
    accept.kind = model::CommandKind::sentinels_accept;
    accept.service = "orders";
    accept.author = "demo";
    (void)co_await daemon_->tell(accept);
    say(passed, "the real data is put back; a person runs: deadcalm sentinels accept orders");
  }
}

// The ordinary check: a GET through the CDN.
net::awaitable<void> Demo::look_as_a_customer() {
  runtime::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(cdn_port_) + "/orders";
  request.timeout = 1s;
  const auto answer = co_await customer_.fetch(std::move(request));
  ++gets_;
  last_status_ = answer ? answer->status : 0;
  last_took_ = answer ? answer->timings.total : model::Millis{0};
  green_ += last_status_ == 200 ? 1 : 0;
}

std::string Demo::clients_column(const model::ServiceStatus& s) const {
  if (s.views.empty() || s.views[0].looks == 0) return "-";
  const model::ViewStatus& view = s.views[0];
  if (view.client == model::Client::fail) return "ERROR";
  const std::string age =
      s.client_data_age ? fmt::format("data {} s old", s.client_data_age->count() / 1000) : "no data age";
  const bool cached = view.cache != "origin" && view.cache != "unknown";
  if (fate_ == Fate::empty) return fmt::format("{}, no orders", cached ? "CACHE" : "fresh");
  return fmt::format("{}, {}", cached ? "CACHE" : "fresh", age);
}

std::string Demo::writes_column(const model::ServiceStatus& s) {
  const model::WriteStatus& w = s.writes[0];
  if (w.looks == 0) return "-";
  if (w.write != model::Write::ok) return fmt::format("FAILED {}: {}", w.step, w.detail);
  if (w.sentinel == model::Sentinel::missing)
    return fmt::format("verified #{}, but a kept record is gone", w.last_seq);
  return fmt::format("verified #{}  {} ms", w.last_seq, w.cycle_time.count());
}

std::string Demo::verdict_column(const model::ServiceStatus& s) {
  std::string text(model::name(s.verdict));
  const bool suspect = s.phase == "suspect" && s.failed_looks > 0;
  if (suspect) text = fmt::format("suspect {} of {}", s.failed_looks, s.failed_looks_needed);
  if (s.phase == "recovering")
    text += fmt::format(", recovering {} of {}", s.good_looks, s.good_looks_needed);
  if (!suspect && s.verdict != model::Verdict::healthy) {
    for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (!news_.empty()) text += " (" + std::exchange(news_, "") + ")";
  return text;
}

void Demo::print_line(model::Millis passed) {
  const model::SiteStatus site = daemon_->status();
  const model::ServiceStatus& s = site.services.at(0);
  out_ << fmt::format(" {}  {:>3} {:>3} ms   {:<25} {:<42} {}\n", stopwatch(passed), last_status_,
                      last_took_.count(), clients_column(s), writes_column(s), verdict_column(s))
       << std::flush;
}

void Demo::heard(const model::Transition& t) {
  if (t.reason == model::Reason::first_proof) news_ = "first proof, armed";
  if (t.reason == model::Reason::recovered || t.reason == model::Reason::accepted) news_ = "RESOLVED";
  if (t.alarm == model::Alarm::page && !paged_at_ && deleted_at_) paged_at_ = clock_.now().steady;
}

// The console channel's blocks, shortened to what fits between two lines of the table: the kind of the
// message, its title and its first sentences. `deadcalm run` prints them whole.
void Demo::print_pages() {
  std::istringstream blocks(console_.str());
  console_.str("");
  std::string line;
  int body_lines = 0;
  while (std::getline(blocks, line)) {
    if (line.starts_with("--- ")) {
      const std::string kind = line.substr(line.find(' ', 4) + 1);
      body_lines = 4;
      const bool page = kind.starts_with("trigger");
      out_ << "         +- " << (page ? fmt::format("PAGE {}", ++pages_) : std::string("message"))
           << ", console, " << kind << ": ";
    } else if (body_lines > 0) {
      --body_lines;
      out_ << (body_lines == 3 ? "" : "         |") << line << '\n';
    } else if (line.starts_with("  FIRST:")) {
      out_ << "         |" << line << '\n';
    }
  }
  out_ << std::flush;
}

net::awaitable<void> Demo::close(model::Millis passed) {
  model::Command leave;
  leave.kind = model::CommandKind::sentinels_drop;
  leave.service = "orders";
  leave.author = "demo";
  (void)co_await daemon_->tell(leave);
  co_await clock_.sleep_for(700ms);
  co_await daemon_->stop(2s);
  print_pages();
  const auto page = evaluator::promise(configured_->services[0].policy).page;
  const std::string promise = page ? model::for_people(*page) : "-";
  out_ << fmt::format(" {}  GET by CDN: {} of {} green, 0 alerts.   ", stopwatch(passed), green_, gets_);
  if (paged_at_ && deleted_at_) {
    out_ << fmt::format("deadcalm: paged {:.1f} s after the deletion (promised {}).",
                        static_cast<double>((*paged_at_ - *deleted_at_).count()) / 1000.0, promise);
  }
  out_ << '\n';
  co_await cdn_->stop();
  co_await shop_.stop();
}

net::awaitable<void> Demo::run(int seconds) {
  co_await open_shop();
  const bool in_container = config::process_environment().in_container;
  out_ << fmt::format(
      "deadcalm demo: a small order shop, all on 127.0.0.1. Ctrl-C ends it and deletes it.\n"
      "Try it from another terminal:   customers see   curl -i localhost:{}/orders     deadcalm says   curl "
      "localhost:{}/metrics\n"
      "{}promise for this config:\n{}",
      cdn_port_, daemon_->port(),
      in_container ? "(These addresses are the container's own; with docker run --network host they are this "
                     "machine's.)\n"
                   : "",
      promises_text(*configured_));
  out_
      << " time   GET by CDN  what clients see          writes: plant, read, compare, remove        verdict\n"
      << std::flush;
  started_ = clock_.now();
  net::signal_set signals(executor_, SIGINT, SIGTERM);
  bool ended = false;
  signals.async_wait([&ended](const boost::system::error_code& error, int) { ended = !error; });
  model::Millis passed{0};
  while (!ended && (seconds == 0 || passed < std::chrono::seconds(seconds))) {
    co_await clock_.sleep_for(1s);
    passed = clock_.now().steady - started_.steady;
    co_await change_fate(passed);
    co_await look_as_a_customer();
    print_pages();
    if (gets_ % 2 == 1 || !news_.empty()) print_line(passed);
  }
  signals.cancel();
  co_await close(passed);
}

}  // namespace

int demo(const GlobalFlags& flags, int seconds, std::ostream& out, std::ostream& err) {
  runtime::configure_log(flags.log_level.empty() ? "error" : flags.log_level, runtime::LogFormat::text);
  net::io_context io(1);
  Demo show(io.get_executor(), out);
  std::exception_ptr failure;
  net::co_spawn(io, show.run(seconds), [&](std::exception_ptr e) {
    failure = std::move(e);
    io.stop();
  });
  io.run();
  if (!failure) return kDone;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    err << "deadcalm: the demo failed: " << e.what() << '\n';
  }
  return kFailed;
}

}  // namespace deadcalm::app
