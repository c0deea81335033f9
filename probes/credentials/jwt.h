#pragma once
// The end of a JSON Web Token (RFC 7519 §4.1.4, claim `exp`). Pure; verifies no signature, since the token
// is ours to send and the server's to judge.
#include <optional>
#include <string_view>

#include "model/time.h"

namespace deadcalm::probes::credentials {

// nullopt: not a JWT, or it has no end.
std::optional<model::WallTime> jwt_expiry(std::string_view token);

}  // namespace deadcalm::probes::credentials
