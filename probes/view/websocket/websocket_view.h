#pragma once
// `view: websocket`: subscribed before anything is written, it waits for our own token to be pushed, as the
// clients that sync by pushes do. The session stays open between looks; a look says whether it lives, and
// what came. From time to time another one takes its place, since a held one hides that nobody else can
// connect.
#include <memory>
#include <optional>
#include <string>

#include "probes/credentials/kinds.h"
#include "probes/view/view.h"
#include "probes/view/websocket/session.h"
#include "runtime/websocket.h"

namespace deadcalm::probes::websocket {

struct WebSocketViewOptions {
  SessionOptions session;
  MakeProtocol protocol;
  credentials::MakeCredentials credentials;  // may be empty
  http::RequesterOptions requests;           // of token endpoints
  model::Millis reconnect_every = std::chrono::minutes{10};
};

class WebSocketView final : public View {
 public:
  // `opener`: null, or who opens the sockets in place of the real one.
  WebSocketView(ViewPlace place, WebSocketViewOptions options, const ViewDeps& deps,
                std::unique_ptr<runtime::WebSocketOpener> opener = nullptr);

  net::awaitable<model::Observation> look() override;
  net::awaitable<void> close() override;
  bool subscribes() const override { return true; }
  const std::string& name() const override { return place_.probe; }

 private:
  struct Report;

  net::awaitable<void> make_sure(Report& report, model::SteadyTime deadline);
  net::awaitable<void> replace(Report& report, const std::string& why, model::SteadyTime deadline);
  net::awaitable<bool> open_next(model::SteadyTime deadline);
  net::awaitable<void> retire(std::unique_ptr<Session>& session);
  bool due_for_another() const;
  void keep_newest(const Session& session);
  void describe(const Report& report, model::Observation& observation, model::ViewLook& look);

  ViewPlace place_;
  WebSocketViewOptions options_;
  ViewDeps deps_;
  std::unique_ptr<runtime::WebSocketOpener> opener_;
  std::unique_ptr<http::Credentials> credentials_;
  std::unique_ptr<Session> current_, next_, old_;
  std::optional<Arrival> newest_;
  int short_lived_ = 0;     // sessions in a row that were over by the look after they were made
  bool looked_at_ = false;  // current_ has lived through a look of its own
  std::optional<model::Instant> listening_since_;  // without a gap
  std::optional<model::Instant> told_;             // when the newest token that a look has told arrived
};

}  // namespace deadcalm::probes::websocket
