#include "alerting/page.h"

#include "store/transition_fields.h"

namespace deadcalm::alerting {

template <class Codec>
void fields(Codec& c, Field& f) {
  c("name", f.name), c("value", f.value);
}
template <class Codec>
void fields(Codec& c, PageText& t) {
  c("title", t.title), c("body", t.body), c("fields", t.fields), c("first", t.first);
}
template <class Codec>
void fields(Codec& c, Page& p) {
  c("kind", p.kind), c("subject", p.subject), c("generation", p.generation), c("dedup_key", p.dedup_key);
  c("verdict", p.verdict), c("masked", p.masked), c("alarm", p.alarm), c("severity", p.severity);
  c("opened_at", p.opened_at), c("written_at", p.written_at), c("over_at", p.over_at), c("site", p.site);
  c("runbook", p.runbook), c("labels", p.labels), c("text", p.text), c("fallback", p.fallback);
  c("is_fallback", p.is_fallback);
}

std::string to_json(const Page& page) {
  return store::stored::write(page);
}
model::Result<Page> page_from_json(const std::string& text) {
  return store::stored::read<Page>(text, "page");
}

}  // namespace deadcalm::alerting
