#pragma once
// What a person tells a running deadcalm, appended to the store by the server or the command line.
// Monitor and alerting each read commands from a cursor of their own.
#include <string>

#include "model/names.h"
#include "model/time.h"

namespace deadcalm::model {

enum class CommandKind {
  acknowledge,  // incident
  resolve,      // incident
  silence,      // service until `until`; the resolve is still sent
  unsilence,
  maintenance_start,  // as silence, and with expect_reset a new generation is accepted when it ends
  maintenance_end,
  deploy_start,  // raises `for` to 5 min until `until`; mutes nothing
  pause_writes,  // service, or all: stop planting, still remove
  resume_writes,
  sentinels_accept,  // new generation; also recreates a managed container
  sentinels_drop,    // remove everything of ours and stop writing
  page_test,         // one test page to everybody whom the service pages
};

struct Command {
  CommandKind kind = CommandKind::page_test;
  std::string service;  // empty: all
  std::string author;   // who said it; shown in notices
  std::string reason;
  WallTime at{};
  WallTime until{};  // for those with an end; else the epoch
  bool expect_reset = false;
};

template <>
struct Names<CommandKind> {
  static constexpr std::array<std::string_view, 12> values{
      "acknowledge",       "resolve",          "silence",        "unsilence",
      "maintenance_start", "maintenance_end",  "deploy_start",   "pause_writes",
      "resume_writes",     "sentinels_accept", "sentinels_drop", "page_test"};
};

}  // namespace deadcalm::model
