#pragma once
// The keys of `type: redis` (docs/backends/redis.md).
#include "config/reader.h"
#include "probes/redis/redis_backend.h"

namespace deadcalm::probes::redis {

RedisOptions decode_redis(config::Reader& reader);

}  // namespace deadcalm::probes::redis
