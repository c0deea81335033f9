#pragma once
// The decoders of the sections, one .cpp each; config/load.cpp calls them in order. All add faults
// and give defaults in the faulty places.
#include <map>
#include <string>
#include <vector>

#include "config/options.h"
#include "config/reader.h"

namespace deadcalm::config {

// Type names that the caller can build; an unknown one is a fault with did-you-mean.
struct KnownTypes {
  std::vector<std::string> write, view, check, traffic, channels;
};

// Who can be told, known before the sections that name them are read.
struct Addressees {
  std::vector<std::string> channels, escalations;
  std::vector<std::string> used;  // filled while routes are read
};

// Names already given in one list, with their place.
using Taken = std::map<std::string, Mark, std::less<>>;

// --- names.cpp
// A name of [a-z0-9][a-z0-9-]{0,62} that is not in `taken` yet; empty after a fault.
std::string read_name(Reader& reader, Taken& taken);
void check_type(Reader& reader, const std::string& type, const std::vector<std::string>& known);

// --- routes.cpp
Route read_route(Reader& reader, std::string_view key, Addressees& known);  // channels or one escalation
std::vector<std::string> read_channels(Reader& reader, std::string_view key, Addressees& known);
void warn_about_unused(const std::vector<ChannelOptions>& channels,
                       const std::vector<EscalationOptions>& escalations, const Addressees& known,
                       const Node& root, Faults& faults);

// --- one file each
void decode_site(Reader& root, Options& options);  // site, store, web, log, canary_key, deadman
AnchorsOptions decode_anchors(Reader& root);
PolicyOptions decode_policy(Reader& parent, const PolicyOptions& base);  // its key `policy`
std::vector<ChannelOptions> decode_channels(Reader& root, const KnownTypes& types);
std::vector<EscalationOptions> decode_escalations(Reader& root, Addressees& known);
DefaultsOptions decode_defaults(Reader& root, Addressees& known);
std::vector<ServiceOptions> decode_services(Reader& root, const DefaultsOptions& defaults,
                                            const KnownTypes& types, Addressees& known);

// --- decode_probe.cpp
enum class Place { write, view, check, traffic };
// `ordinal` counts the probes of this place and type, from 1; `taken` has the names of the service.
ProbeOptions decode_probe(const Node& node, Place place, const DefaultsOptions& defaults,
                          const KnownTypes& types, std::map<std::string, int>& ordinals, Taken& taken,
                          Context& context);
TrafficOptions decode_traffic(const Node& node, const DefaultsOptions& defaults, const KnownTypes& types,
                              Taken& taken, Context& context);

// --- cross_checks.cpp
// `${canary...}` in a view can never be right: views read a stable address.
void refuse_canary_names(const Node& view, Faults& faults);
// A fixed range ([5m]) shows commits from before an outage for minutes into it.
void check_traffic_query(const Node& traffic, Faults& faults);
void check_slow_after(const ServiceOptions& service, const Node& node, Faults& faults);

}  // namespace deadcalm::config
