#pragma once
// What the errors of a GraphQL answer mean. They come with HTTP 200, and each family of servers has its
// own word for them: AppSync `errorType`, Apollo and most others `extensions.code`, Spring
// `extensions.classification`; the message is the last resort. Pure.
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "probes/backend.h"

namespace deadcalm::probes::graphql {

struct Refusal {
  enum class Kind {
    failed,
    absent,    // there is no such record
    conflict,  // another version of the record than was named
  };
  Kind kind = Kind::failed;
  StepFailure failure;
  bool known = false;  // a row of the table says so; else it is taken for the server's own trouble
};

// nullopt: the answer has no errors (GraphQL §7.1.2: the key is absent or the list empty). Of several
// errors the gravest class decides: container gone, auth, throttle, contract, others.
std::optional<Refusal> refusal_in(const boost::json::value& document);

}  // namespace deadcalm::probes::graphql
