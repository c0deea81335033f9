#pragma once
// One GET of a question that is asked over HTTP, with what such questions share: headers, credentials, TLS.
#include <expected>
#include <string>

#include "config/reader.h"
#include "probes/backend_deps.h"
#include "probes/http/authorized_requester.h"

namespace deadcalm::probes::http {

struct QuestionOptions {
  runtime::Headers headers;
  credentials::MakeCredentials credentials;  // may be empty
  RequesterOptions requests;
};

// Its keys `headers`, `auth`, `tls`, `max_body_bytes`, `allow_private`.
QuestionOptions decode_question(config::Reader& reader);

using Answered = std::expected<runtime::HttpAnswer, std::string>;

class HttpQuestion {
 public:
  HttpQuestion(const QuestionOptions& options, const BackendDeps& deps);

  // Any answer, whatever its status; an error is a failure of the network or of the credentials, for people.
  net::awaitable<Answered> ask(std::string url, model::SteadyTime deadline);

  // "HTTP 401: who are you", the start of the body included; empty for 2xx.
  static std::string refusal(const runtime::HttpAnswer& answer);

 private:
  runtime::Headers headers_;
  AuthorizedRequester requester_;
};

}  // namespace deadcalm::probes::http
