// From orders to page rows: ids, keys and words.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "alerting/engine.h"

namespace deadcalm::alerting {
namespace {

std::string digest(const std::string& text, std::size_t hex_digits) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (std::size_t i = 0; i < size && hex.size() < hex_digits; ++i) {
    std::array<char, 3> two{};
    std::snprintf(two.data(), two.size(), "%02x", bytes[i]);
    hex += two.data();
  }
  return hex;
}

PageText words_for(const Order& order, const PageFacts& facts) {
  switch (order.kind) {
    case PageKind::trigger: return trigger_text(facts, order.occasion);
    case PageKind::update: return update_text(facts);
    case PageKind::acknowledge: return acknowledge_text(facts);
    case PageKind::resolve:
    case PageKind::test: break;
  }
  return resolve_text(facts);
}

}  // namespace

void Alerting::Engine::stage(Change change, Staged& staged) {
  if (!change.incident) return;
  const Incident& incident = *change.incident;
  for (const Order& order : change.orders) stage_page(order, incident, staged);
  staged.batch.incidents.push_back({key_of(incident.subject), incident.generation, incident.open,
                                    to_json(incident), incident.open ? std::nullopt : incident.resolved_at});
  staged.incidents.push_back(std::move(*change.incident));
}

void Alerting::Engine::stage_page(const Order& order, const Incident& incident, Staged& staged) {
  const Channel* to = channel(order.channel);
  if (order.kind == PageKind::update && (to == nullptr || !to->sender->can_update())) return;
  const model::WallTime now = deps_.clock.now().wall;
  const ServiceRoute* service = deps_.routes.service(service_of(incident.subject));
  const PageFacts facts{incident, deps_.routes.site, service != nullptr ? service->proves : "", now};
  Page page;
  page.kind = order.kind;
  page.subject = incident.subject;
  page.generation = incident.generation;
  page.dedup_key = deps_.routes.instance + '/' + digest(key_of(incident.subject), 16) + '/' +
                   std::to_string(incident.generation);
  page.verdict = incident.verdict;
  page.masked = incident.masked;
  page.alarm = incident.alarm;
  page.severity = incident.severity;
  page.opened_at = incident.opened_at;
  page.written_at = now;
  if (order.kind == PageKind::resolve) page.over_at = incident.resolved_at;
  page.site = deps_.routes.site;
  if (service != nullptr) {
    page.runbook = service->runbook;
    page.labels = service->labels;
  }
  page.text = words_for(order, facts);
  if (order.kind == PageKind::trigger) {
    for (const std::string& other : channels_of(incident.plan)) {
      if (other != order.channel) page.fallback.push_back(other);
    }
  }
  page.is_fallback = order.occasion == Occasion::fallback;
  const std::string incident_name = name_of(incident);
  const std::string id =
      "dc_" + digest(deps_.routes.instance + '\n' + incident_name + '\n' + std::to_string(order.round) +
                         '\n' + std::string(model::name(order.kind)) + '\n' + order.channel,
                     24);
  stage_row(std::move(page), order.channel, incident_name, id, staged);
}

void Alerting::Engine::stage_test(const model::Command& command, std::int64_t inbox_id, Staged& staged) {
  const model::WallTime now = deps_.clock.now().wall;
  const Plan plan = plan_for(deps_.routes, {false, command.service}, model::Alarm::page);
  const std::string test = "test#" + std::to_string(inbox_id);
  for (const std::string& name : channels_of(plan)) {
    Page page;
    page.kind = PageKind::test;
    page.subject = {false, command.service};
    page.dedup_key = deps_.routes.instance + "/test/" + std::to_string(inbox_id);
    page.written_at = page.opened_at = now;
    page.site = deps_.routes.site;
    page.text = test_text(command.service, command.author, deps_.routes.site, now);
    const std::string id = "dc_" + digest(fmt::format("{}\n{}\n{}", deps_.routes.instance, test, name), 24);
    stage_row(std::move(page), name, test, id, staged);
  }
}

void Alerting::Engine::stage_row(Page page, const std::string& channel, const std::string& incident,
                                 const std::string& id, Staged& staged) {
  store::PageRow row;
  row.id = id;
  row.order_key = channel + '|' + incident;
  row.channel = channel;
  row.incident = incident;
  row.payload = to_json(page);
  row.created = row.next_at = deps_.clock.now().wall;
  for (const std::string& old : outbox_.replaced_by(row.order_key, page.kind)) {
    OutboxItem* item = outbox_.find(old);
    item->frozen = true;  // the dispatcher must not start it while the commit is under way
    store::PageRow gone = item->row;
    gone.state = store::PageState::superseded;
    staged.batch.page_changes.push_back(std::move(gone));
    staged.replaced.push_back(old);
  }
  staged.batch.new_pages.push_back(row);
  staged.pages.emplace_back(std::move(row), std::move(page));
}

}  // namespace deadcalm::alerting
