#pragma once
// `deadcalm evaluate`: the decision table on the command line, one question a line.
//   in   {"write":"net","read_back":"fail","cache":"cache"}     a missing signal is unknown, a missing anchor
//   ok out  {"verdict":"masked_outage","masked":"yes","row":8}
// A write probe is assumed. Blank lines are skipped. A line that is not such an object is told on `err` as
// "line N: ..." and has no answer; the others are answered all the same.
#include <istream>
#include <ostream>

namespace deadcalm::app {

// 0, or 2 if a line was bad.
int evaluate_command(std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace deadcalm::app
