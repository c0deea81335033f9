#pragma once
// How long a server asks to be left alone (RFC 9110 §10.2.3).
#include <optional>

#include "runtime/http_client.h"

namespace deadcalm::runtime {

// From Retry-After in seconds or as a date (counted from the answer's own Date, so that clocks need not
// agree); between 0 and a day. nullopt: it says nothing, or nothing that can be read. Pure.
std::optional<model::Millis> retry_after(const HttpAnswer& answer);

}  // namespace deadcalm::runtime
