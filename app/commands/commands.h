#pragma once
// Each command of the program, as a function that returns its exit code. Texts go to `out`, faults to
// `err`.
#include <map>
#include <ostream>
#include <string>

#include "app/configured.h"
#include "model/command.h"
#include "monitor/look_counts.h"
#include "store/store.h"

namespace deadcalm::app {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

struct GlobalFlags {
  std::string config_file = "deadcalm.yaml";
  std::string log_level;   // empty: as configured
  std::string log_format;  // empty: as configured
};

// Runs the daemon until SIGTERM or SIGINT; a second signal ends it at once.
int run_daemon(const GlobalFlags& flags, std::ostream& out, std::ostream& err);

// Says what the configuration promises, or everything that is wrong with it.
int check(const GlobalFlags& flags, std::ostream& out, std::ostream& err);
// `measured`: what a running daemon counted, by service; see measured_looks.
std::string promises_text(const Configured& configured,
                          const std::map<std::string, monitor::Measured>& measured = {});

// From the store of the configuration, if there is one and it can be read: failed and all looks of the
// writes of each service that has been watched for a week.
std::map<std::string, monitor::Measured> measured_looks(const Configured& configured, model::WallTime now);

// One look of one service's probes, every step shown; with dry_run what would be sent, and nothing is.
int probe_once(const GlobalFlags& flags, const std::string& name, bool dry_run, std::ostream& out,
               std::ostream& err);

// The running daemon's view, from its HTTP address.
int status(const GlobalFlags& flags, bool json, std::ostream& out, std::ostream& err);
int healthcheck(const GlobalFlags& flags, std::ostream& out, std::ostream& err);

// What of ours is where, from the store: of one service, or of all when `service` is empty. With `find`
// also what the service's backends hold themselves, other instances' records too.
int ledger(const GlobalFlags& flags, const std::string& service, bool find, std::ostream& out,
           std::ostream& err);

// Appends a command to the store; the daemon obeys it within a second, or when it next starts.
int tell(const GlobalFlags& flags, model::Command command, std::ostream& out, std::ostream& err);

// The small shop on loopback, watched and deleted. seconds = 0: until Ctrl-C.
int demo(const GlobalFlags& flags, int seconds, std::ostream& out, std::ostream& err);

// Loads and prints faults (warnings too) to err; nullptr when it cannot be used.
std::unique_ptr<Configured> load_or_tell(const GlobalFlags& flags, std::ostream& err);
// The store a daemon has made, beside it; nullptr after it was told to err that there is none or why not.
std::unique_ptr<store::Store> existing_store(const Configured& configured, std::ostream& err);
void apply_log_flags(const GlobalFlags& flags, const config::Options& options);

}  // namespace deadcalm::app
