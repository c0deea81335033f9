#include "alerting/page_text.h"

#include "alerting/routes.h"
#include "alerting/verdict_text.h"
#include "model/duration.h"

namespace deadcalm::alerting {
namespace {

using model::WallTime;

// Every channel of ours takes this much (Slack: header 150, section 3000, field 2000), so that a message
// is shortened once, before it is queued, and never refused for its size.
constexpr std::size_t kTitle = 150, kSentence = 600, kField = 300, kSentences = 12;

VerdictText words(const Incident& i, const std::string& site, WallTime now) {
  return i.subject.own ? own_text(i, site, now) : service_text(i, now);
}

// Whom a follow-up names: "orders", or for our own "deadcalm fra1".
std::string who(const Incident& i, const std::string& site) {
  if (!i.subject.own) return i.subject.name;
  return i.subject.name.starts_with("setup/") ? service_of(i.subject) : "deadcalm " + site;
}

// The headline as it stands in a follow-up, without a name twice.
std::string plain(const VerdictText& text, const std::string& name) {
  std::string_view headline = text.headline;
  if (headline.starts_with(name)) headline.remove_prefix(name.size());
  while (headline.starts_with(':') || headline.starts_with(' ')) headline.remove_prefix(1);
  return std::string(headline);
}

std::string title(const VerdictText& text, const Incident& i) {
  return text.names_itself ? text.headline : i.subject.name + ": " + text.headline;
}

std::string truth_text(const Incident& i) {
  const model::Evidence& e = i.evidence;
  if (!e.truth_measured) return "not measured";
  if (e.signals.write == model::Write::ok) return "writes verified";
  const std::string cause = cause_text(e);
  return cause.empty() ? "write: " + std::string(model::name(e.signals.write)) : cause;
}

std::vector<Field> fields(const PageFacts& f) {
  const Incident& i = f.incident;
  std::vector<Field> all;
  if (!i.subject.own) {
    all.push_back({"Truth", truth_text(i)});
    const std::string clients = i.evidence.view_measured ? clients_text(i) : "not measured";
    if (!clients.empty()) all.push_back({i.evidence.checks_only ? "Checks" : "Clients", clients});
  }
  all.push_back({"Since", model::rfc3339(i.evidence.since)});
  if (i.evidence.last_good) all.push_back({"Last good", model::rfc3339(*i.evidence.last_good)});
  all.push_back({"Seen from", f.site});
  if (!f.proves.empty()) all.push_back({"Proved path", f.proves});
  return all;
}

PageText fitted(PageText text) {
  text.title = shortened(std::move(text.title), kTitle);
  if (text.body.size() > kSentences) text.body.resize(kSentences);
  std::size_t room = 2400;  // all sentences together
  for (std::string& sentence : text.body) {
    sentence = shortened(std::move(sentence), std::min(kSentence, room));
    room -= std::min(room, sentence.size());
  }
  std::erase(text.body, "");
  for (Field& field : text.fields) field.value = shortened(std::move(field.value), kField);
  text.first = shortened(std::move(text.first), kSentence);
  return text;
}

std::string sentence(Occasion occasion) {
  switch (occasion) {
    case Occasion::opened: return {};
    case Occasion::rose: return "Told again because it got worse.";
    case Occasion::escalated: return "Nobody has acknowledged so far.";
    case Occasion::repeated: return "Told again: nobody has acknowledged, and this does not go quiet.";
    case Occasion::ack_lapsed: return "Told again: it was acknowledged, and is still bad.";
    case Occasion::silence_ended: return "Held back by a silence, which is over.";
    case Occasion::reopened: return "Told again: a person closed it, and it is still bad.";
    case Occasion::fallback: return "You get this because another channel did not take it.";
  }
  return {};
}

}  // namespace

std::string headline(const Incident& incident, const std::string& site) {
  return words(incident, site, incident.opened_at).headline;
}

PageText trigger_text(const PageFacts& f, Occasion occasion) {
  const VerdictText text = words(f.incident, f.site, f.now);
  PageText page{title(text, f.incident), text.body, fields(f), text.first};
  const std::string why = sentence(occasion);
  if (!why.empty()) page.body.push_back(why);
  return fitted(std::move(page));
}

PageText update_text(const PageFacts& f) {
  PageText page = trigger_text(f, Occasion::opened);
  page.body.push_back("An update to what you were told, no new outage.");
  return fitted(std::move(page));
}

PageText acknowledge_text(const PageFacts& f) {
  const VerdictText text = words(f.incident, f.site, f.now);
  const std::string name = who(f.incident, f.site);
  PageText page;
  page.title = name + ": acknowledged by " + f.incident.acked_by;
  page.body.push_back("It is about: " + plain(text, name) + '.');
  if (f.incident.ack_until) {
    page.body.push_back("If it is still bad at " + model::clock_utc(*f.incident.ack_until) +
                        ", it pages again.");
  }
  return fitted(std::move(page));
}

PageText resolve_text(const PageFacts& f) {
  const Incident& i = f.incident;
  const WallTime end = i.resolved_at.value_or(f.now);
  // What it was at the end may have begun later than the incident: a loss found during an outage.
  const WallTime since =
      i.evidence.since == WallTime{} ? i.opened_at : std::min(i.evidence.since, i.opened_at);
  const WallTime begin = std::min(since, end);
  const std::string name = who(i, f.site);
  const bool set_up = i.subject.own && i.subject.name.starts_with("setup/");
  PageText page;
  if (set_up && i.resolved_by.empty()) {
    page.title = name + ": watched from now on, its first test write was verified";
    return fitted(std::move(page));
  }
  page.title = name + ": RESOLVED after " + model::for_people(end - begin) +
               ". It was: " + plain(words(i, f.site, f.now), name);
  page.body.push_back("From " + model::clock_utc(begin) + " to " + model::clock_utc(end) + '.');
  if (!i.resolved_by.empty()) {
    page.body.push_back("Closed by " + i.resolved_by + ", not by a measurement.");
    if (i.reopen_at) {
      page.body.push_back("If it is still bad at " + model::clock_utc(*i.reopen_at) + ", it pages again.");
    }
  }
  page.fields.push_back({"Seen from", f.site});
  return fitted(std::move(page));
}

PageText test_text(const std::string& service, const std::string& author, const std::string& site,
                   WallTime now) {
  PageText page;
  page.title =
      "deadcalm " + site + ": TEST PAGE, nothing is wrong" + (service.empty() ? "" : " with " + service);
  page.body.push_back("Asked for by " + (author.empty() ? std::string("somebody") : author) + " at " +
                      model::clock_utc(now) + '.');
  page.body.push_back("If you can read this, a real page of " + (service.empty() ? "any service" : service) +
                      " reaches you here.");
  return fitted(std::move(page));
}

PageText over_since(PageText trigger, const std::string& name, WallTime over_at) {
  const std::string prefix = name + ": ";
  std::string rest = trigger.title;
  if (rest.starts_with(prefix)) rest.erase(0, prefix.size());
  trigger.title =
      shortened(prefix + "over since " + model::clock_utc(over_at) + ". Late page: " + rest, kTitle);
  return trigger;
}

std::string one_line(const PageText& text) {
  std::string line = text.title;
  if (!line.ends_with('.') && !line.ends_with('?')) line += '.';
  for (const std::string& part : text.body) line += ' ' + part;
  if (!text.first.empty()) line += ' ' + text.first;
  return line;
}

std::string block(const PageText& text) {
  std::string lines = text.title + '\n';
  for (const std::string& part : text.body) lines += "  " + part + '\n';
  for (const Field& field : text.fields) lines += "  " + field.name + ": " + field.value + '\n';
  if (!text.first.empty()) lines += "  " + text.first + '\n';
  return lines;
}

std::string shortened(std::string text, std::size_t limit) {
  std::size_t points = 0, cut = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (!starts) continue;
    ++points;
    if (points == limit) cut = at;  // where the ellipsis goes if more follows
    if (points > limit) {
      text.resize(cut);
      if (limit > 0) text += "…";
      return text;
    }
  }
  return text;
}

}  // namespace deadcalm::alerting
