#pragma once
// The command line: commands as a table, flags as the field has them. Exit codes: 0 done, 1 it did not
// work (a check failed, the daemon is not healthy, no connection), 2 wrong usage or configuration.

namespace deadcalm::app {

int run_command_line(int argc, char** argv);

}  // namespace deadcalm::app
