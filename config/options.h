#pragma once
// What a user may write, with a default for everything that can have one. docs/configuration.md is
// the manual; config/load.h makes these. Durations are milliseconds, names are checked and unique.
// Probe types, traffic sources and channels keep their raw node: each decodes its own keys with
// reader(), so this folder knows none of them by name.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/node.h"
#include "config/reader.h"
#include "model/names.h"
#include "model/secret.h"
#include "model/time.h"

namespace deadcalm::config {

using std::chrono::minutes;
using std::chrono::seconds;

struct StoreOptions {
  std::string path = "deadcalm.db";                       // in a container /data/deadcalm.db
  model::Millis retention = std::chrono::hours{24 * 90};  // history older than this goes
};

struct WebOptions {
  std::string listen = "127.0.0.1:9178";  // host:port; only this machine unless asked for
};

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };
struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
};

// Told that we live, as long as we do.
struct DeadmanOptions {
  std::string url;  // masked in logs: whoever has it can pretend to be us
  model::Millis every = seconds{60};
};

// A target nobody here owns. Exactly these kinds, since they must work with nothing else configured.
enum class AnchorKind { tcp, dns, http };
struct AnchorOptions {
  AnchorKind kind = AnchorKind::tcp;
  std::string target;  // host:port, name or URL
};
struct AnchorsOptions {
  std::vector<AnchorOptions> targets{
      {AnchorKind::tcp, "1.1.1.1:443"}, {AnchorKind::tcp, "8.8.8.8:53"}, {AnchorKind::dns, "cloudflare.com"}};
  model::Millis interval = seconds{30};
  model::Millis timeout = seconds{5};
};

// Confirmation and recovery: docs/semantics.md, "Confirmation".
struct PolicyOptions {
  int failure_threshold = 3;               // failed looks in a row
  model::Millis failing_for = minutes{1};  // `for`
  model::Millis recheck_interval = seconds{10};
  int success_threshold = 5;
  model::Millis recover_for = minutes{5};
  model::Millis consistency = seconds{5};   // how long a read may lag behind its write
  std::optional<model::Millis> slow_after;  // see slow_after() below
  model::Millis loss_recheck = seconds{30};
  model::Millis blind_for = minutes{5};
  std::optional<model::Millis> stale_after;  // replaces the computed A_max
  friend bool operator==(const PolicyOptions&, const PolicyOptions&) = default;
};

// Who is told: channels, or one escalation. Both empty: nobody.
struct Route {
  std::vector<std::string> channels;
  std::string escalation;
  bool empty() const { return channels.empty() && escalation.empty(); }
  friend bool operator==(const Route&, const Route&) = default;
};

struct DefaultsOptions {
  Route page;
  std::vector<std::string> notify;
  Route owner;  // of the monitor's own incidents; empty: everybody who is paged
  PolicyOptions policy;
  model::Millis interval = seconds{60};
  model::Millis timeout = seconds{10};
};

// A write probe, a view probe, an ordinary check or a traffic source: the common keys, and the rest for its
// type.
struct ProbeOptions {
  std::string type;
  std::string name;  // given, or from place and type: "write-http", the second "write-http-2"
  model::Millis interval = seconds{60};
  model::Millis timeout = seconds{10};
  Node node;

  // For the type's own keys; the common ones count as read. Refers to this object.
  Reader reader(Context& context) const;
};

enum class OnSilence { notify, page };
struct TrafficOptions {
  ProbeOptions source;
  OnSilence on_silence = OnSilence::notify;
};

struct ServiceOptions {
  std::string name;
  std::string runbook;  // URL; empty: none
  std::vector<std::pair<std::string, std::string>> labels;
  Route owner, page;  // defaults filled in
  std::vector<std::string> notify;
  PolicyOptions policy;
  std::vector<ProbeOptions> write, view, check;
  std::optional<TrafficOptions> traffic;
  Mark mark;  // for faults found later
  Path path;
};

struct ChannelOptions {
  std::string name, type;
  Node node;
  Reader reader(Context& context) const;  // as ProbeOptions::reader
};

struct EscalationStep {
  std::vector<std::string> to;
  model::Millis after{0};  // since the step before, if nobody has acknowledged; 0 for the first
};
struct EscalationOptions {
  std::string name;
  std::vector<EscalationStep> steps;         // at least one
  std::vector<std::string> last_resort;      // after the last step; empty: the last step again
  model::Millis repeat_every = minutes{15};  // of the last resort, until somebody acknowledges
};

struct Options {
  std::string site;  // name of this vantage point
  StoreOptions store;
  WebOptions web;
  LogOptions log;
  std::optional<model::Secret> canary_key;  // absent: generated and kept in the store
  std::optional<DeadmanOptions> deadman;
  std::size_t max_in_flight = 0;  // looks under way at the same time; 0: as many as there are descriptors for
  AnchorsOptions anchors;
  DefaultsOptions defaults;
  std::vector<ServiceOptions> services;
  std::vector<ChannelOptions> channels;
  std::vector<EscalationOptions> escalations;
};

// When a verified cycle counts as slow: as the policy says, else half of the probe's timeout.
inline model::Millis slow_after(const PolicyOptions& policy, const ProbeOptions& probe) {
  return policy.slow_after.value_or(probe.timeout / 2);
}

}  // namespace deadcalm::config

namespace deadcalm::model {

template <>
struct Names<config::LogLevel> {
  static constexpr std::array<std::string_view, 4> values{"debug", "info", "warn", "error"};
};
template <>
struct Names<config::LogFormat> {
  static constexpr std::array<std::string_view, 2> values{"text", "json"};
};
template <>
struct Names<config::AnchorKind> {
  static constexpr std::array<std::string_view, 3> values{"tcp", "dns", "http"};
};
template <>
struct Names<config::OnSilence> {
  static constexpr std::array<std::string_view, 2> values{"notify", "page"};
};

}  // namespace deadcalm::model
