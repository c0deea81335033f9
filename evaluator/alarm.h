#pragma once
// How loud a judgement is: nobody, a notice, a page; and how grave. The time limits after which a notice
// becomes a page are here.
#include "evaluator/looks.h"

namespace deadcalm::evaluator {

inline constexpr Millis kDisputedPages = std::chrono::minutes{15};  // customers' writes go through
inline constexpr Millis kContractPages =
    std::chrono::minutes{5};  // a deploy broke writing, or only our probe
inline constexpr Millis kImpairedPages = std::chrono::minutes{15};  // reading back fails, or slow
inline constexpr int kUnverifiedIntervals = 2;  // silence pages when no write was verified in so many

model::Alarm alarm_of(const Policy& policy, const ServiceState& state, const Judgement& judged,
                      SteadyTime now);

model::Severity severity_of(const Judgement& judged, model::Alarm alarm);

// The next instant at which alarm_of may rise by itself.
std::optional<SteadyTime> alarm_rises_at(const Policy& policy, const ServiceState& state,
                                         const Judgement& judged, SteadyTime now);

}  // namespace deadcalm::evaluator
