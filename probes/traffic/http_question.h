#pragma once
// One GET of a source that speaks HTTP, with what such sources share: headers, authentication, TLS.
#include <expected>
#include <string>

#include "config/environment.h"
#include "config/reader.h"
#include "probes/backend_deps.h"
#include "probes/http/http_step.h"
#include "probes/http/requester.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::traffic {

struct QuestionOptions {
  runtime::Headers headers;
  http::Auth auth;
  http::RequesterOptions requests;
};

// Its keys `headers`, `auth`, `tls`, `max_body_bytes`.
QuestionOptions decode_question(config::Reader& reader);

using Answered = std::expected<runtime::HttpAnswer, std::string>;

class HttpQuestion {
 public:
  HttpQuestion(QuestionOptions options, const BackendDeps& deps);

  // Any answer, whatever its status; an error is a failure of the network, for people. When the secret is
  // refused it is read again, and the question asked once more.
  net::awaitable<Answered> ask(std::string url, model::SteadyTime deadline);

  // "HTTP 401: who are you", the start of the body included; empty for 2xx.
  static std::string refusal(const runtime::HttpAnswer& answer);

 private:
  net::awaitable<Answered> ask_once(std::string url, model::SteadyTime deadline);

  QuestionOptions options_;
  const config::Environment& environment_;
  http::Requester requester_;
};

}  // namespace deadcalm::probes::traffic
