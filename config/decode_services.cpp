#include <algorithm>

#include "config/decode.h"

namespace deadcalm::config {
namespace {

bool is_label_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void check_labels(const Node& service, Faults& faults) {
  const Node* labels = service.find("labels");
  if (labels == nullptr) return;
  for (const Entry& label : labels->entries) {
    if (is_label_name(label.key)) continue;
    faults.add(label.mark, label.value.path.text(),
               "a label's name has letters, digits and _, and starts with no digit");
  }
}

void decode_who(Reader& reader, const DefaultsOptions& defaults, Addressees& known, ServiceOptions& service) {
  service.page = reader.has("page") ? read_route(reader, "page", known) : defaults.page;
  service.notify = reader.has("notify") ? read_channels(reader, "notify", known) : defaults.notify;
  service.owner = reader.has("owner") ? read_route(reader, "owner", known) : defaults.owner;
  const Node* page = reader.self().find("page");
  if (page != nullptr && page->is_sequence() && page->items.empty()) {
    reader.warn("page", "nobody is woken when this service is down");
  }
}

void decode_probes(Reader& reader, const DefaultsOptions& defaults, const KnownTypes& types,
                   ServiceOptions& service) {
  Taken taken;
  std::map<std::string, int> ordinals;
  Context& context = reader.context();
  for (const Node& node : reader.list_or_one("write")) {
    service.write.push_back(decode_probe(node, Place::write, defaults, types, ordinals, taken, context));
  }
  for (const Node& node : reader.list_or_one("view")) {
    service.view.push_back(decode_probe(node, Place::view, defaults, types, ordinals, taken, context));
  }
  for (const Node& node : reader.list_or_one("check")) {
    service.check.push_back(decode_probe(node, Place::check, defaults, types, ordinals, taken, context));
  }
  if (const Node* traffic = reader.node("traffic")) {
    service.traffic = decode_traffic(*traffic, defaults, types, taken, context);
  }
}

ServiceOptions decode_service(const Node& node, const DefaultsOptions& defaults, const KnownTypes& types,
                              Addressees& known, Taken& taken, Context& context) {
  Reader reader(node, context);
  ServiceOptions service;
  service.mark = node.mark;
  service.path = node.path;
  if (!node.is_map()) return service;
  service.name = read_name(reader, taken);
  service.runbook = reader.optional_url("runbook", kHttp).value_or("");
  service.labels = reader.text_map("labels");
  check_labels(node, context.faults());
  decode_who(reader, defaults, known, service);
  service.policy = decode_policy(reader, defaults.policy);
  decode_probes(reader, defaults, types, service);
  check_slow_after(service, node, context.faults());
  const bool looks_at_clients = !service.view.empty() || service.traffic.has_value();
  if (service.write.empty() && !looks_at_clients && service.check.empty()) {
    context.faults().add(node, "watches nothing", "give it \"write:\", and \"view:\" for what clients see");
  } else if (service.write.empty() && looks_at_clients) {
    context.faults().warn(node, "truth not measured: nothing is written and read back", "give it \"write:\"");
  }
  return service;
}

void check_somebody_is_paged(const Node& service, const Node* defaults, Faults& faults) {
  if (!service.is_map() || service.find("page") != nullptr) return;
  if (defaults != nullptr && defaults->find("page") != nullptr) return;
  faults.add(service, "nobody would be paged",
             "give the service or \"defaults:\" a \"page:\", a list of channels");
}

}  // namespace

std::vector<ServiceOptions> decode_services(Reader& root, const DefaultsOptions& defaults,
                                            const KnownTypes& types, Addressees& known) {
  std::vector<ServiceOptions> services;
  Taken taken;
  const auto list = root.list("services");
  services.reserve(list.size());
  for (const Node& node : list) {
    services.push_back(decode_service(node, defaults, types, known, taken, root.context()));
    check_somebody_is_paged(node, root.self().find("defaults"), root.context().faults());
  }
  const Node* section = root.self().find("services");
  if (section == nullptr || (section->is_sequence() && section->items.empty())) {
    root.fault("services", "there is no service to watch", "list at least one under \"services:\"");
  }
  return services;
}

}  // namespace deadcalm::config
