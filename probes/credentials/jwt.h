#pragma once
// What a JSON Web Token says of itself: its end (RFC 7519 §4.1.4, claim `exp`) and, at Supabase, its role.
// Pure; verifies no signature, since the token is ours to send and the server's to judge.
#include <optional>
#include <string>
#include <string_view>

#include "model/time.h"

namespace deadcalm::probes::credentials {

// nullopt: not a JWT, or it has no end.
std::optional<model::WallTime> jwt_expiry(std::string_view token);
std::string jwt_role(std::string_view token);  // empty: not a JWT, or without a role

}  // namespace deadcalm::probes::credentials
