#include "config/connection_policy.h"

namespace deadcalm::config {

model::ConnectionPolicy read_connection_policy(Reader& reader) {
  model::ConnectionPolicy policy;
  policy.allow_private = reader.boolean("allow_private", true);
  return policy;
}

}  // namespace deadcalm::config
