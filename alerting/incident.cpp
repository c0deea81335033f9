#include "alerting/incident.h"

#include "store/transition_fields.h"

namespace deadcalm::alerting {
namespace {

constexpr std::string_view kOwn = "own:";  // no service can be called so: a name has no colon

}  // namespace

template <class Codec>
void fields(Codec& c, Step& s) {
  c("to", s.to), c("after", s.after);
}
template <class Codec>
void fields(Codec& c, Plan& p) {
  c("steps", p.steps), c("last_resort", p.last_resort), c("repeat_every", p.repeat_every);
}
template <class Codec>
void fields(Codec& c, Silence& s) {
  c("service", s.service), c("author", s.author), c("reason", s.reason), c("from", s.from);
  c("until", s.until), c("maintenance", s.maintenance);
}
template <class Codec>
void fields(Codec& c, Incident& i) {
  c("subject", i.subject), c("generation", i.generation), c("open", i.open), c("verdict", i.verdict);
  c("masked", i.masked), c("alarm", i.alarm), c("severity", i.severity), c("evidence", i.evidence);
  c("opened_at", i.opened_at), c("resolved_at", i.resolved_at), c("resolved_by", i.resolved_by);
  c("reopen_at", i.reopen_at), c("acked_by", i.acked_by), c("ack_until", i.ack_until), c("plan", i.plan);
  c("next_step", i.next_step), c("next_step_at", i.next_step_at), c("held", i.held), c("round", i.round);
  c("told", i.told), c("refused", i.refused);
}

std::string key_of(const model::Subject& subject) {
  return subject.own ? std::string(kOwn) + subject.name : subject.name;
}

model::Subject subject_of(const std::string& key) {
  if (key.starts_with(kOwn)) return {true, key.substr(kOwn.size())};
  return {false, key};
}

std::string name_of(const Incident& incident) {
  return key_of(incident.subject) + '#' + std::to_string(incident.generation);
}

std::string to_json(const Incident& incident) {
  return store::stored::write(incident);
}
model::Result<Incident> incident_from_json(const std::string& text) {
  return store::stored::read<Incident>(text, "incident");
}
std::string to_json(const Silence& silence) {
  return store::stored::write(silence);
}
model::Result<Silence> silence_from_json(const std::string& text) {
  return store::stored::read<Silence>(text, "silence");
}

}  // namespace deadcalm::alerting
