#pragma once
// `check: http`: one request, and what its answer must be. Writes nothing of ours and proves no write.
#include "config/reader.h"
#include "probes/http/assertion.h"
#include "probes/http/authorized_requester.h"
#include "probes/view/view.h"

namespace deadcalm::probes::check {

struct HttpCheckOptions {
  std::string method, url;
  runtime::Headers headers;
  std::string body;
  credentials::MakeCredentials credentials;  // may be empty
  http::Expect expect;
  http::RequesterOptions requests;
  model::Millis certificate{0};  // fails when the certificate ends within this; 0: it only has to be valid
};

ViewPath decode_http_check(config::Reader& reader);

class HttpCheck final : public View {
 public:
  HttpCheck(ViewPlace place, HttpCheckOptions options, const ViewDeps& deps);

  net::awaitable<model::Observation> look() override;
  const std::string& name() const override { return place_.probe; }

 private:
  // What is wrong with the answer, as step and text; an empty step: nothing.
  std::pair<std::string, std::string> judge(const runtime::HttpAnswer& answer, model::WallTime now) const;

  ViewPlace place_;
  HttpCheckOptions options_;
  runtime::Clock& clock_;
  http::AuthorizedRequester requester_;
};

}  // namespace deadcalm::probes::check
