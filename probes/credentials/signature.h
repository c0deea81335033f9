#pragma once
// AWS Signature Version 4 over each request: AppSync and API Gateway with IAM authorisation. The keys come
// from wherever probes/aws/credentials.h takes them.
#include "probes/aws/credentials.h"
#include "probes/http/credentials.h"

namespace deadcalm::probes::credentials {

struct SignatureOptions {
  aws::Service service;  // name: "appsync", "execute-api"
  aws::CredentialOptions keys;
};

class Signature final : public http::Credentials {
 public:
  Signature(SignatureOptions options, aws::CredentialDeps deps);

  net::awaitable<std::expected<void, StepFailure>> authorize(runtime::HttpRequest& request,
                                                             model::SteadyTime deadline) override;
  void refused() override;
  std::optional<model::CredentialExpiry> expiry() const override;
  std::string describe() const override;

 private:
  SignatureOptions options_;
  runtime::Clock& clock_;
  aws::CredentialSource source_;
};

}  // namespace deadcalm::probes::credentials
