#include "config/decode.h"

namespace deadcalm::config {

PolicyOptions decode_policy(Reader& parent, const PolicyOptions& base) {
  PolicyOptions policy = base;
  auto reader = parent.child("policy");
  if (!reader) return policy;
  constexpr model::Millis kShort{100};
  constexpr model::Millis kDay = std::chrono::hours{24};
  policy.failure_threshold =
      static_cast<int>(reader->integer("failure_threshold", base.failure_threshold, 1, 100));
  policy.failing_for = reader->duration("for", base.failing_for, kNoLeast, kDay);
  policy.recheck_interval = reader->duration("recheck_interval", base.recheck_interval, kShort, kDay);
  policy.success_threshold =
      static_cast<int>(reader->integer("success_threshold", base.success_threshold, 1, 1000));
  policy.recover_for = reader->duration("recover_for", base.recover_for, kNoLeast, kDay);
  policy.consistency = reader->duration("consistency", base.consistency, kNoLeast, kDay);
  if (const auto slow = reader->optional_duration("slow_after", model::Millis{1}, kDay))
    policy.slow_after = slow;
  policy.loss_recheck = reader->duration("loss_recheck", base.loss_recheck, kShort, kDay);
  policy.blind_for = reader->duration("blind_for", base.blind_for, kNoLeast, kDay);
  if (const auto stale = reader->optional_duration("stale_after", kShort)) policy.stale_after = stale;
  return policy;
}

}  // namespace deadcalm::config
