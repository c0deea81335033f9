#pragma once
// A whole product in miniature with a real deadcalm watching it: clients -> nginx or Varnish -> API ->
// PostgreSQL, a webhook receiver, an anchor. Real time, short policies.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/daemon.h"
#include "tests/support/front.h"
#include "tests/support/postgres_server.h"
#include "tests/support/receiver.h"
#include "tests/support/shop_api.h"
#include "tests/support/temp_dir.h"

namespace deadcalm::tests {

struct LabOptions {
  std::string write = "http";  // or postgres
  bool read_from = false;
  bool cache_names_itself = true;  // X-Cache-Status
  bool varnish = false;
  bool traffic = false;      // counts orders in the database; weeks of 36,000 an hour have been learnt
  std::string policy_extra;  // more keys of the policy, "for: 1m" style, comma-separated
  std::string for_duration = "1s";
};

class Lab {
 public:
  explicit Lab(LabOptions options = {});
  ~Lab();

  // Runs until `done` or the limit; true if done.
  bool until(const std::function<bool()>& done, model::Millis limit = std::chrono::seconds{20});
  void pass(model::Millis time);
  bool reaches(model::Verdict verdict, model::Millis limit = std::chrono::seconds{20});
  model::ServiceStatus service() const { return daemon->status().services.at(0); }
  model::Verdict verdict() const { return service().verdict; }

  // What the ordinary checks say: a GET through the CDN, and one on the API's health path.
  int cdn_get() { return get(front_url("/canaries")); }
  int honest_get() { return get("http://127.0.0.1:" + std::to_string(api.port()) + "/health"); }

  // Customers place ten orders a second through the API, or would like to.
  void customers_order(bool wish) { ordering = wish; }

  void tell(model::CommandKind kind);
  void boot();  // a new process, as far as anything but memory is concerned
  void shut_down();
  void stop_api() { wait(api.stop()); }
  void stop_anchor() { wait(anchor->stop()); }
  void start_anchor();
  std::string front_url(const std::string& path) const;
  int own_records();
  bool leaves_at_most(int records);  // within ten seconds or so

  // One outage from fault to resolve; returns the time to the first page.
  model::Millis expect_outage(model::Verdict first, model::Verdict then);
  void expect_one_resolve();

  template <class T>
  T wait(net::awaitable<T> task) {
    bool done = false;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
      net::co_spawn(io, std::move(task), [&](std::exception_ptr e) {
        failure = e;
        done = true;
      });
    } else {
      std::optional<T> result;
      net::co_spawn(io, std::move(task), [&](std::exception_ptr e, T value) {
        failure = e;
        result = std::move(value);
        done = true;
      });
      until([&] { return done; }, std::chrono::seconds{30});
      if (failure) std::rethrow_exception(failure);
      return std::move(result.value());
    }
    until([&] { return done; }, std::chrono::seconds{30});
    if (failure) std::rethrow_exception(failure);
  }

  LabOptions options;
  net::io_context io;
  TempDir dir;
  static PostgresServer& postgres();  // one for all labs
  ShopApi api;
  std::unique_ptr<Nginx> nginx;
  std::unique_ptr<Varnish> varnish;
  std::unique_ptr<server::HttpServer> anchor;
  std::uint16_t anchor_port = 0;
  Receiver receiver;
  std::unique_ptr<app::Configured> configured;
  std::unique_ptr<app::Daemon> daemon;
  std::vector<model::Transition> transitions;
  bool ordering = false;

 private:
  net::awaitable<void> customers();
  void remember_weeks_of_traffic() const;
  int get(const std::string& url);
  std::string yaml() const;
  runtime::HttpClient customer_, shoppers_;
  bool closing_ = false, shop_closed_ = true;
};

}  // namespace deadcalm::tests
