#pragma once
// A stand-in for a vendor on a port of its own: a checker that is stricter than the vendor's documents
// decides about each request, unless the test forces an answer.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <functional>
#include <stdexcept>

#include "alerting/sender.h"
#include "runtime/http_client.h"
#include "server/http_server.h"
#include "tests/support/run_task.h"

namespace deadcalm::tests {

namespace json = boost::json;

struct Receiver {
  using Check = std::function<server::Response(const server::Request&)>;

  net::io_context io;
  runtime::HttpClient client{io.get_executor()};
  Check check;
  std::deque<server::Response> forced;  // the next answers; the request is checked and counted all the same
  std::vector<server::Request> got;
  std::string complaints;  // of the checker, for messages
  server::HttpServer server{io.get_executor(),
                            [this](server::Request request) { return answer(std::move(request)); }};
  std::string url = "http://127.0.0.1:" + std::to_string(server.start("127.0.0.1:0").value());

  explicit Receiver(Check c) : check(std::move(c)) {}
  ~Receiver() { run_task(io, server.stop()); }

  net::awaitable<server::Response> answer(server::Request request) {
    server::Response response = check(request);
    got.push_back(std::move(request));
    if (!forced.empty()) {
      response = forced.front();
      forced.pop_front();
    }
    co_return response;
  }
  alerting::SendResult send(alerting::Sender& sender, alerting::Delivery delivery) {
    return run_task(io, sender.send(std::move(delivery)));
  }
};

// Checks that fail the request, with the reason in the answer's body.
inline void need(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument(what);
}

// Characters, as vendors count them.
inline std::size_t characters(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return n;
}

inline alerting::Delivery delivery_of(alerting::PageKind kind) {
  alerting::Delivery d;
  d.id = "dc_0123456789abcdef01234567";
  d.now = model::from_unix_millis(1'795'400'240'000);
  alerting::Page& page = d.page;
  page.kind = kind;
  page.subject = {false, "orders"};
  page.generation = 3;
  page.dedup_key = "inst0001/00112233aabbccdd/3";
  page.verdict = model::Verdict::masked_outage;
  page.masked = model::Masked::yes;
  page.alarm = model::Alarm::page;
  page.severity = model::Severity::critical;
  page.opened_at = page.written_at = model::from_unix_millis(1'795'400'040'000);
  page.site = "fra1";
  page.runbook = "https://wiki.example.com/orders?a=1&b=2";
  page.labels = {{"team", "shop"}};
  page.text = {"orders: SAVING IS DOWN, apps still look fine (cache)",
               {"No write accepted since 02:14:00 UTC (3 min, 5 tries: <html> & co).",
                "Last good write 02:13:52 UTC."},
               {{"Truth", "connection refused <api.example.com>"}, {"Clients", "200 from cache"}},
               "FIRST: do the API and the database still exist?"};
  if (kind == alerting::PageKind::resolve) page.over_at = page.opened_at + std::chrono::minutes{6};
  return d;
}

// As large as a page can get, and with letters of several bytes.
inline alerting::Delivery large_delivery() {
  alerting::Incident incident;
  incident.subject = {false, std::string(63, 'o')};
  incident.verdict = model::Verdict::masked_outage;
  incident.alarm = model::Alarm::page;
  for (int i = 0; i < 500; ++i) incident.evidence.detail += "&ü<";
  incident.evidence.cache_evidence = incident.evidence.detail;
  incident.evidence.client_status = 200;
  const alerting::PageFacts facts{incident, std::string(200, 's'), std::string(900, 'p'), {}};
  alerting::Delivery d = delivery_of(alerting::PageKind::trigger);
  d.page.text = alerting::trigger_text(facts, alerting::Occasion::repeated);
  return d;
}

}  // namespace deadcalm::tests
