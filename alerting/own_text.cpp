// Texts of the monitor's own incidents. They must never read as if a service had failed.
#include "alerting/routes.h"
#include "alerting/verdict_text.h"
#include "model/duration.h"

namespace deadcalm::alerting {
namespace {

using model::WallTime;

std::string since(const Incident& i, WallTime now) {
  std::string text = "Since " + model::clock_utc(i.evidence.since);
  if (now > i.evidence.since) text += " (" + model::for_people(now - i.evidence.since) + ')';
  return text;
}

VerdictText blind(const Incident& i, const std::string& us, WallTime now) {
  return {
      us + " CANNOT SEE; says nothing about your services",
      {since(i, now) + ": " + i.evidence.detail + '.', "Open incidents stay open, new ones cannot be found."},
      "FIRST: if you can read this, pages get out: suspect egress rules or DNS of the deadcalm host.",
      true};
}

VerdictText unjudged(const Incident& i, const std::string& us, WallTime now) {
  const std::string service = service_of(i.subject);
  std::string why = cause_text(i.evidence);
  return {us + " CANNOT TELL whether " + service + " works",
          {since(i, now) + (why.empty() ? "" : ": " + why) + '.', service + " may be fine, or down."},
          "FIRST: is the probe itself in trouble (credential server, file descriptors, DNS of the deadcalm "
          "host)? deadcalm probe " +
              service + " shows every step.",
          true};
}

VerdictText cloned(const Incident& i, const std::string& us) {
  const std::string service = service_of(i.subject);
  return {
      us + ": a second deadcalm writes the canaries of " + service,
      {"A canary of our own numbering turned up that we never wrote: the store file was copied or restored."},
      "FIRST: stop the other one, or start it on a store of its own.",
      true};
}

VerdictText expiring(const Incident& i, const std::string& us) {
  const std::string service = service_of(i.subject);
  return {us + ": the credential for the test writes of " + service + " ENDS SOON",
          {i.evidence.probe + " shows the backend a token that ends " + i.evidence.detail + '.',
           "After that its writes are refused, and nobody can tell whether " + service + " works."},
          "FIRST: replace it where the configuration takes it from; a new file is read without a restart.",
          true};
}

VerdictText dead_channel(const std::string& channel, const Incident& i, const std::string& us) {
  return {us + ": pages to " + channel + " DO NOT GET THROUGH",
          {"Last answer: " + i.evidence.detail + '.', "Its pages went to the other channels."},
          "FIRST: mend the channel, then prove it: deadcalm page-test.",
          true};
}

VerdictText store(const Incident& i, const std::string& us, WallTime now) {
  return {us + " CANNOT WRITE ITS STORE",
          {since(i, now) + ": " + i.evidence.detail + '.', "Pages still go out, but may come twice."},
          "FIRST: free space on the disk of the deadcalm host.",
          true};
}

VerdictText set_up(const Incident& i) {
  const std::string service = service_of(i.subject);
  const std::string why = cause_text(i.evidence);
  const bool writes = i.evidence.truth_measured;
  return {service + ": not watched yet, its first " + (writes ? "test write fails" : "look fails"),
          {(i.evidence.probe.empty() ? "" : i.evidence.probe + ": ") +
               (why.empty() ? "no reason known" : why) + '.',
           "This is a notice: nobody is paged before it has worked once."},
          "FIRST: check address, credential and rights; deadcalm probe " + service + " shows " +
              (writes ? "every step." : "what it sees."),
          true};
}

}  // namespace

VerdictText own_text(const Incident& i, const std::string& site, WallTime now) {
  const std::string us = "deadcalm " + site;
  const std::string& name = i.subject.name;
  if (name == "blind") return blind(i, us, now);
  if (name == "store") return store(i, us, now);
  if (name.starts_with("unknown/")) return unjudged(i, us, now);
  if (name.starts_with("clone/")) return cloned(i, us);
  if (name.starts_with("credential/")) return expiring(i, us);
  if (name.starts_with("channel/")) return dead_channel(name.substr(8), i, us);
  if (name.starts_with("setup/")) return set_up(i);
  const std::string why = cause_text(i.evidence);
  return {us + ": trouble of its own (" + name + ')',
          {since(i, now) + (why.empty() ? "" : ": " + why) + '.'},
          "FIRST: read the log of the deadcalm host.",
          true};
}

}  // namespace deadcalm::alerting
