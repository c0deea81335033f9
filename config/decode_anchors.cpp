#include "config/decode.h"
#include "config/url.h"

namespace deadcalm::config {
namespace {

std::string fault_in_target(const AnchorOptions& anchor) {
  switch (anchor.kind) {
    case AnchorKind::tcp: return fault_in_host_port(anchor.target, false);
    case AnchorKind::http: return fault_in_url(anchor.target, kHttp);
    case AnchorKind::dns:
      return anchor.target.find_first_of(" /:") == std::string::npos ? "" : "must be a host name";
  }
  return {};
}

std::optional<AnchorOptions> decode_anchor(const Node& node, Context& context) {
  Reader reader(node, context);
  std::optional<AnchorOptions> anchor;
  reader.one_of({"tcp", "dns", "http"}, true);
  for (const AnchorKind kind : {AnchorKind::tcp, AnchorKind::dns, AnchorKind::http}) {
    const std::string_view key = model::name(kind);
    if (!reader.has(key) || anchor) continue;
    anchor = AnchorOptions{kind, reader.text(key)};
    if (anchor->target.empty()) return std::nullopt;  // told by text()
    if (std::string problem = fault_in_target(*anchor); !problem.empty())
      reader.fault(key, std::move(problem));
  }
  return anchor;
}

}  // namespace

// A list of targets, or a map with `targets` and `interval`.
AnchorsOptions decode_anchors(Reader& root) {
  AnchorsOptions anchors;
  const Node* section = root.node("anchors");
  if (section == nullptr) return anchors;
  const Node* targets = section;
  if (section->is_map()) {
    Reader reader(*section, root.context());
    anchors.interval = reader.duration("interval", anchors.interval, seconds{1}, minutes{10});
    anchors.timeout = reader.duration("timeout", anchors.timeout, model::Millis{100}, minutes{1});
    targets = reader.node("targets");
    if (targets == nullptr) return anchors;
  }
  if (!targets->is_sequence()) {
    root.context().faults().add(*targets, "must be a list such as [{ tcp: \"1.1.1.1:443\" }]");
    return anchors;
  }
  anchors.targets.clear();
  for (const Node& node : targets->items) {
    if (auto anchor = decode_anchor(node, root.context())) anchors.targets.push_back(*std::move(anchor));
  }
  if (targets->items.empty()) {
    root.context().faults().warn(*targets, "without anchors a lost network of our own looks like an outage");
  } else if (targets->items.size() == 1) {
    root.context().faults().warn(*targets, "when the only anchor fails, everything counts as unknown",
                                 "give three");
  }
  return anchors;
}

}  // namespace deadcalm::config
