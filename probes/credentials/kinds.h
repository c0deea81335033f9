#pragma once
// The ways to show who we are that a configuration may name below `auth:`, as a table: adding one is its
// files here, one row in kinds.cpp and its line in docs/backends/graphql.md.
#include <functional>
#include <memory>

#include "config/reader.h"
#include "probes/http/credentials.h"
#include "probes/http/requester.h"

namespace deadcalm::probes::credentials {

// All outlive the credentials made from it.
struct CredentialDeps {
  runtime::Clock& clock;
  runtime::HttpClient& client;
  const config::Environment& environment;
  std::string instance;
  http::RequesterOptions requests;  // for token endpoints: the same TLS options as the backend's
};

using MakeCredentials = std::function<std::unique_ptr<http::Credentials>(const CredentialDeps&)>;

// Its key `auth`; empty where it is absent.
MakeCredentials decode_credentials(config::Reader& reader);

}  // namespace deadcalm::probes::credentials
