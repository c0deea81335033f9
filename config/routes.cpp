#include <algorithm>

#include "config/decode.h"
#include "config/scalar.h"

namespace deadcalm::config {
namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

void unknown(const Node& node, std::string_view what, const std::string& name,
             const std::vector<std::string>& words, Context& context) {
  std::string hint = did_you_mean(name, words);
  if (hint.empty() && words.empty()) hint = "\"channels:\" lists none";
  context.faults().add(node, std::string(what) + " \"" + name + "\" is not defined", hint);
}

// One channel of a list; empty after a fault.
std::string channel(const Node& node, Addressees& known, Context& context) {
  auto name = read_text(node, context);
  if (!name) return {};
  if (contains(known.channels, *name)) {
    known.used.push_back(*name);
    return *std::move(name);
  }
  if (contains(known.escalations, *name)) {
    context.faults().add(node, '"' + *name + "\" is an escalation, and only channels can stand here");
  } else {
    unknown(node, "channel", *name, known.channels, context);
  }
  return {};
}

}  // namespace

std::vector<std::string> read_channels(Reader& reader, std::string_view key, Addressees& known) {
  std::vector<std::string> channels;
  for (const Node& node : reader.list_or_one(key)) {
    std::string name = channel(node, known, reader.context());
    if (name.empty()) continue;
    if (contains(channels, name)) {
      reader.context().faults().add(node, "channel \"" + name + "\" is already in this list");
    } else {
      channels.push_back(std::move(name));
    }
  }
  return channels;
}

Route read_route(Reader& reader, std::string_view key, Addressees& known) {
  Route route;
  const auto nodes = reader.list_or_one(key);
  if (nodes.size() != 1) {
    route.channels = read_channels(reader, key, known);
    return route;
  }
  const auto name = read_text(nodes[0], reader.context());
  if (!name) return route;
  if (contains(known.escalations, *name)) {
    known.used.push_back(*name);
    route.escalation = *name;
  } else if (contains(known.channels, *name)) {
    known.used.push_back(*name);
    route.channels.push_back(*name);
  } else {
    std::vector<std::string> words = known.channels;
    words.insert(words.end(), known.escalations.begin(), known.escalations.end());
    unknown(nodes[0], "channel or escalation", *name, words, reader.context());
  }
  return route;
}

void warn_about_unused(const std::vector<ChannelOptions>& channels,
                       const std::vector<EscalationOptions>& escalations, const Addressees& known,
                       const Node& root, Faults& faults) {
  const auto warn = [&](std::string_view section, const std::string& name, std::string_view what) {
    if (name.empty() || contains(known.used, name)) return;
    const Node* list = root.find(section);
    if (list == nullptr) return;
    for (const Node& item : list->items) {
      const Node* at = item.find("name");
      if (at != nullptr && at->text == name) faults.warn(*at, "nothing uses this " + std::string(what));
    }
  };
  for (const ChannelOptions& channel : channels) warn("channels", channel.name, "channel");
  for (const EscalationOptions& escalation : escalations) warn("escalations", escalation.name, "escalation");
}

}  // namespace deadcalm::config
