#include "probes/view/websocket/websocket_view.h"

#include <utility>

#include "model/duration.h"

namespace deadcalm::probes::websocket {
namespace {

// A deploy ends a session, or two. More say that clients do not stay connected.
constexpr int kShortLived = 3;

std::string told(const SessionEnd& end) {
  return std::string(model::name(end.failure)) + ": " + end.words;
}

}  // namespace

struct WebSocketView::Report {
  std::optional<SessionEnd> failure;
  std::string note;  // what happened to the session since the last look
};

WebSocketView::WebSocketView(ViewPlace place, WebSocketViewOptions options, const ViewDeps& deps,
                             std::unique_ptr<runtime::WebSocketOpener> opener)
    : place_(std::move(place)),
      options_(std::move(options)),
      deps_(deps),
      opener_(opener ? std::move(opener) : std::make_unique<runtime::WebSocketClient>(deps.clock)) {
  if (options_.credentials) {
    credentials_ =
        options_.credentials({deps.clock, deps.client, *deps.environment, deps.instance, options_.requests});
  }
}

net::awaitable<void> WebSocketView::retire(std::unique_ptr<Session>& session) {
  if (!session) co_return;
  co_await session->stop();
  keep_newest(*session);
  session.reset();
}

net::awaitable<void> WebSocketView::close() {
  co_await retire(next_);
  co_await retire(old_);
  co_await retire(current_);
}

void WebSocketView::keep_newest(const Session& session) {
  const auto& seen = session.newest();
  if (seen && (!newest_ || newest_->token.written < seen->token.written)) newest_ = seen;
}

// A new session in next_, subscribed; false: next_ tells why not. Refused, it is tried once more with what
// the credentials have to show by then.
net::awaitable<bool> WebSocketView::open_next(model::SteadyTime deadline) {
  for (int tries = 0;; ++tries) {
    co_await retire(next_);
    const SessionDeps deps{deps_.clock,        *opener_,         deps_.executor,
                           credentials_.get(), deps_.canary_key, deps_.instance};
    next_ = std::make_unique<Session>(options_.session, options_.protocol(), deps);
    co_await next_->open(deadline);
    if (next_->alive()) co_return true;
    const SessionEnd end = next_->end();
    const bool refused = end.failure == model::Write::auth && end.step != "authorize";
    if (!refused || !credentials_ || tries > 0) co_return false;
    credentials_->refused();
  }
}

bool WebSocketView::due_for_another() const {
  const model::Millis age = deps_.clock.now().steady - current_->subscribed_at().steady;
  return age >= options_.reconnect_every || current_->credential_ends_soon();
}

// The new one is subscribed before the old one is let go: nothing is missed between them.
net::awaitable<void> WebSocketView::replace(Report& report, const std::string& why,
                                            model::SteadyTime deadline) {
  const bool opened = co_await open_next(deadline);
  if (!opened) {
    SessionEnd end = next_->end();
    if (!why.empty()) end.words += "; " + why;
    report.failure = std::move(end);
    co_await retire(next_);
    co_return;
  }
  // A gap, unless the old one lived until now.
  if (!current_ || !current_->alive() || !listening_since_) listening_since_ = next_->subscribed_at();
  looked_at_ = current_ && current_->alive();
  old_ = std::exchange(current_, std::move(next_));
  co_await retire(old_);
}

net::awaitable<void> WebSocketView::make_sure(Report& report, model::SteadyTime deadline) {
  const model::SteadyTime now = deps_.clock.now().steady;
  if (current_) co_await current_->prove(now + (deadline - now) / 2);
  if (current_ && current_->alive()) {
    short_lived_ = 0;
    looked_at_ = true;
    if (due_for_another()) co_await replace(report, "the session that was open before still is", deadline);
    co_return;
  }
  if (current_) {
    short_lived_ = looked_at_ ? 0 : short_lived_ + 1;
    report.note = "the session of before ended: " + told(current_->end());
    listening_since_.reset();
    co_await retire(current_);
  }
  co_await replace(report, report.note, deadline);
  if (!current_ || !current_->alive()) co_return;
  co_await current_->prove(deadline);  // learns whether it answers
  if (short_lived_ < kShortLived) co_return;
  report.failure = SessionEnd{"session", model::Write::net,
                              "sessions do not last: " + std::to_string(short_lived_) +
                                  " in a row were over before the next look; " + report.note,
                              101};
}

net::awaitable<model::Observation> WebSocketView::look() {
  model::Observation observation;
  observation.service = place_.service;
  observation.probe = place_.probe;
  observation.started = deps_.clock.now();
  Report report;
  co_await make_sure(report, observation.started.steady + place_.timeout);
  observation.ended = deps_.clock.now();
  if (current_) keep_newest(*current_);
  model::ViewLook look;
  describe(report, observation, look);
  observation.look = std::move(look);
  co_return observation;
}

void WebSocketView::describe(const Report& report, model::Observation& observation, model::ViewLook& look) {
  look.listening_since = listening_since_;
  const bool arrived = newest_ && told_ != newest_->at;
  if (newest_ && (arrived || !report.failure)) look.newest = newest_->token;
  if (arrived) {
    told_ = newest_->at;
    // What is pushed after it was written comes from no cache.
    look.cache = model::CacheClass::origin;
    const model::Millis took = newest_->at.wall - newest_->token.written;
    look.cache_evidence = "pushed " + std::to_string(took.count()) + " ms after it was written";
  }
  if (report.failure) {
    look.client =
        report.failure->failure == model::Write::unknown ? model::Client::unknown : model::Client::fail;
    look.http_status = report.failure->http_status;
    observation.step = report.failure->step;
    observation.detail = told(*report.failure);
    return;
  }
  look.client = model::Client::ok;
  look.http_status = 101;
  observation.detail = report.note;
}

}  // namespace deadcalm::probes::websocket
