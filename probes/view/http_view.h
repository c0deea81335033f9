#pragma once
// The `http` view: one GET along the clients' own path, caches and all. Asks for the newest token and
// for what the answer's headers say about caches.
#include "config/reader.h"
#include "probes/http/assertion.h"
#include "probes/http/authorized_requester.h"
#include "probes/view/view.h"

namespace deadcalm::probes {

struct HttpViewOptions {
  std::string url;
  runtime::Headers headers;
  credentials::MakeCredentials credentials;  // may be empty
  http::Expect expect;
  std::optional<http::JsonPath> token;  // where the token is; absent: anywhere in the body
  http::RequesterOptions requests;
};

HttpViewOptions decode_http_view(config::Reader& reader);

class HttpView final : public View {
 public:
  HttpView(ViewPlace place, HttpViewOptions options, const ViewDeps& deps);

  net::awaitable<model::Observation> look() override;
  const std::string& name() const override { return place_.probe; }

 private:
  void read_answer(const runtime::HttpAnswer& answer, model::Observation& observation,
                   model::ViewLook& look) const;

  ViewPlace place_;
  HttpViewOptions options_;
  runtime::Clock& clock_;
  model::Secret canary_key_;
  http::AuthorizedRequester requester_;
};

}  // namespace deadcalm::probes
