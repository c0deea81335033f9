#pragma once
// AWS Signature Version 4 over an HTTP request (AWS documentation: "Create a signed AWS API request";
// the steps are named as there). Pure: the time is passed in. libcurl 7.88 has a signer of its own, which is
// wrong for some paths and queries.
//
// The service "s3" differs twice: its path is signed as it stands on the wire, where every other service's is
// normalised and encoded once more, and the body's hash is a header of its own.
#include <optional>
#include <string>

#include "model/secret.h"
#include "model/time.h"
#include "runtime/http_client.h"

namespace deadcalm::probes::aws {

struct Credentials {
  std::string access_key_id;
  model::Secret secret_access_key;
  model::Secret session_token;             // empty: long-lived keys
  std::optional<model::WallTime> expires;  // nullopt: never, or nobody said
};

// What a signature is good for.
struct Service {
  std::string region;  // "eu-central-1"
  std::string name;    // "dynamodb", "s3"
};

struct Signature {
  std::string canonical_request;
  std::string string_to_sign;
  std::string authorization;  // value of the header
};

// Of the request as it stands: its headers must hold X-Amz-Date already. Paths and queries of the URL are
// percent-encoded by the caller, as they go on the wire; a User-Agent is left out, since proxies change it.
Signature signature_of(const runtime::HttpRequest& request, const Service& service,
                       const Credentials& credentials);

// Adds X-Amz-Date, X-Amz-Security-Token and X-Amz-Content-Sha256 where they belong, and Authorization.
// Nothing that is signed may change afterwards.
void sign(runtime::HttpRequest& request, const Service& service, const Credentials& credentials,
          model::WallTime now);

std::string amz_date(model::WallTime time);  // "20150830T123600Z"

}  // namespace deadcalm::probes::aws
