#include "probes/redis/errors.h"

#include <sstream>

namespace deadcalm::probes::redis {
namespace {

using model::Write;

struct Row {
  std::string_view start;
  Write failure;
};

// First match wins. An error reply means that the command was not carried out.
constexpr Row kErrors[] = {
    {"READONLY", Write::read_only},  // a replica
    {"NOAUTH", Write::auth},
    {"WRONGPASS", Write::auth},
    {"NOPERM", Write::auth},
    {"DENIED", Write::auth},  // protected mode
    {"ERR invalid password", Write::auth},
    {"ERR AUTH", Write::auth},  // a password that nobody asked for
    {"ERR Client sent AUTH", Write::auth},
    {"OOM", Write::server},         // maxmemory reached, and nothing may be evicted
    {"LOADING", Write::server},     // still reading its file
    {"MISCONF", Write::server},     // cannot write its file, so it takes no writes
    {"NOREPLICAS", Write::server},  // min-replicas-to-write
    {"MASTERDOWN", Write::server},
    {"CLUSTERDOWN", Write::server},
    {"TRYAGAIN", Write::server},
    {"BUSY", Write::server},  // a script that does not end
    {"ERR max number of clients", Write::server},
    {"MOVED", Write::contract},
    {"ASK", Write::contract},
};

// "MOVED 3999 127.0.0.1:6381"
std::string in_words(const std::string& text) {
  std::istringstream in(text);
  std::string word, slot, node;
  in >> word >> slot >> node;
  if ((word != "MOVED" && word != "ASK") || node.empty()) return text;
  return text + " (a cluster: node " + node + " serves this slot; give that node as `url`)";
}

}  // namespace

StepFailure classify_error(const std::string& text) {
  for (const Row& row : kErrors) {
    if (text.starts_with(row.start)) return {row.failure, in_words(text), false, false, false};
  }
  return {Write::contract, text, false, false, false};
}

}  // namespace deadcalm::probes::redis
