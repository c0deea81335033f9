#pragma once
// `allow_private: false`, a key of every probe that connects to somewhere.
#include "config/reader.h"
#include "model/connection_policy.h"

namespace deadcalm::config {

model::ConnectionPolicy read_connection_policy(Reader& reader);

}  // namespace deadcalm::config
