#pragma once
// The sentences of a page. Pure. Wording: docs/semantics.md, "What a page says": a plain title first,
// whose first 70 characters stand alone on a lock screen; never the machine's word alone.
#include <string>
#include <vector>

#include "alerting/incident.h"
#include "model/names.h"

namespace deadcalm::alerting {

enum class PageKind {
  trigger,      // somebody is to act; the only kind that is a page
  update,       // the label of a told incident changed; only where a channel can show it
  acknowledge,  // somebody took it
  resolve,      // to everybody who got a trigger
  test,
};

// Why a trigger is sent. Each but the first adds a sentence.
enum class Occasion {
  opened,
  rose,           // it got louder or graver
  escalated,      // nobody acknowledged the step before
  repeated,       // the last resort, again
  ack_lapsed,     // acknowledged, and still bad when the lease ended
  silence_ended,  // a silence held it
  reopened,       // a person closed it, and it is still bad
  fallback,       // another channel did not take it
};

struct Field {
  std::string name, value;
  friend bool operator==(const Field&, const Field&) = default;
};

struct PageText {
  std::string title;              // at most 150 characters
  std::vector<std::string> body;  // sentences
  std::vector<Field> fields;      // Truth, Clients, Since, Last good, Seen from, Proved path
  std::string first;              // "FIRST: ..."; may be empty
  friend bool operator==(const PageText&, const PageText&) = default;
};

struct PageFacts {
  const Incident& incident;
  std::string site;
  std::string proves;  // "API → postgres"; empty: left out
  model::WallTime now{};
};

// Only what the title says, without the service's name: "SAVING IS DOWN, apps still look fine (cache)".
std::string headline(const Incident& incident, const std::string& site);

PageText trigger_text(const PageFacts& facts, Occasion occasion);
PageText update_text(const PageFacts& facts);
PageText acknowledge_text(const PageFacts& facts);
PageText resolve_text(const PageFacts& facts);
PageText test_text(const std::string& service, const std::string& author, const std::string& site,
                   model::WallTime now);

// A trigger that leaves only now although the incident is over.
PageText over_since(PageText trigger, const std::string& name, model::WallTime over_at);

// Everything in one line, and everything below each other.
std::string one_line(const PageText& text);
std::string block(const PageText& text);

// `text` cut to `limit` code points with an ellipsis; never in the middle of one.
std::string shortened(std::string text, std::size_t limit);

}  // namespace deadcalm::alerting

namespace deadcalm::model {
template <>
struct Names<alerting::PageKind> {
  static constexpr std::array<std::string_view, 5> values{"trigger", "update", "acknowledge", "resolve",
                                                          "test"};
};
}  // namespace deadcalm::model
