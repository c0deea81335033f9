#include "probes/exec/exit_status.h"

#include <algorithm>

namespace deadcalm::probes::exec {
namespace {

using model::Write;
using End = runtime::CommandAnswer::End;

struct Row {
  int status;
  Write failure;
  bool maybe_done;
};

constexpr Row kStatuses[] = {
    {3, Write::unknown, true},      // a plugin's UNKNOWN
    {64, Write::contract, false},   // EX_USAGE
    {65, Write::contract, true},    // EX_DATAERR
    {67, Write::auth, false},       // EX_NOUSER
    {68, Write::net, false},        // EX_NOHOST
    {69, Write::server, true},      // EX_UNAVAILABLE
    {71, Write::unknown, true},     // EX_OSERR: this machine's
    {73, Write::read_only, false},  // EX_CANTCREAT
    {75, Write::throttle, false},   // EX_TEMPFAIL
    {76, Write::contract, true},    // EX_PROTOCOL
    {77, Write::auth, false},       // EX_NOPERM
    {78, Write::contract, false},   // EX_CONFIG
    {126, Write::contract, false},  // the shell's: not executable
    {127, Write::contract, false},  // the shell's: not found
};

std::string said(const runtime::CommandAnswer& answer) {
  const std::string line = first_line(answer.err.empty() ? answer.out : answer.err);
  return line.empty() ? line : ": " + line;
}

}  // namespace

std::string first_line(const std::string& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  std::string line = text.substr(begin, text.find('\n', begin) - begin);
  if (line.size() > 200) line = line.substr(0, 200) + "...";
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20; }, ' ');
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::optional<StepFailure> classify(const runtime::CommandAnswer& answer) {
  switch (answer.end) {
    case End::not_started:
      return StepFailure{answer.own_fault ? Write::unknown : Write::contract, answer.message, false, false,
                         false};
    case End::timed_out:
      return StepFailure{Write::net, "did not end in time and was killed" + said(answer), true, false, false};
    case End::killed:
      return StepFailure{Write::server, "ended by signal " + std::to_string(answer.status) + said(answer),
                         true, false, false};
    case End::exited: break;
  }
  if (answer.status == 0) return std::nullopt;
  const std::string detail = "exit status " + std::to_string(answer.status) + said(answer);
  const auto row = std::ranges::find(kStatuses, answer.status, &Row::status);
  if (row == std::end(kStatuses)) return StepFailure{Write::server, detail, true, false, false};
  return StepFailure{row->failure, detail, row->maybe_done, false, false};
}

}  // namespace deadcalm::probes::exec
