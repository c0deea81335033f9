#pragma once
// What the evaluator reads: each observation stream boiled down to one word.
// Meanings: docs/semantics.md, "Signals".
#include "model/names.h"

namespace deadcalm::model {

enum class Write { ok, net, server, read_only, auth, contract, throttle, unknown };
enum class ReadBack { ok, fail, lost, unknown };
enum class Sentinel { present, missing, reset, unknown };
enum class Client { ok, fail, unknown };
enum class Cache { no, cache, on_error, unknown };
enum class Age { fresh, old, unknown };  // "new" in text: a keyword in C++
enum class Lag { ok, behind, unknown };
enum class Beacons { low, high, unknown };
enum class Traffic { active, silent, unknown };
enum class Anchor { ok, bad };  // unknown counts as ok (no anchors configured)

struct Signals {
  Write write = Write::unknown;
  ReadBack read_back = ReadBack::unknown;
  Sentinel sentinel = Sentinel::unknown;
  Client client = Client::unknown;
  Cache cache = Cache::unknown;
  Age age = Age::unknown;
  Lag lag = Lag::unknown;
  Beacons beacons = Beacons::unknown;
  Traffic traffic = Traffic::unknown;
  Anchor anchor = Anchor::ok;
  friend bool operator==(const Signals&, const Signals&) = default;
};

template <>
struct Names<Write> {
  static constexpr std::array<std::string_view, 8> values{"ok",   "net",      "server",   "read_only",
                                                          "auth", "contract", "throttle", "unknown"};
};
template <>
struct Names<ReadBack> {
  static constexpr std::array<std::string_view, 4> values{"ok", "fail", "lost", "unknown"};
};
template <>
struct Names<Sentinel> {
  static constexpr std::array<std::string_view, 4> values{"present", "missing", "reset", "unknown"};
};
template <>
struct Names<Client> {
  static constexpr std::array<std::string_view, 3> values{"ok", "fail", "unknown"};
};
template <>
struct Names<Cache> {
  static constexpr std::array<std::string_view, 4> values{"no", "cache", "on_error", "unknown"};
};
template <>
struct Names<Age> {
  static constexpr std::array<std::string_view, 3> values{"new", "old", "unknown"};
};
template <>
struct Names<Lag> {
  static constexpr std::array<std::string_view, 3> values{"ok", "behind", "unknown"};
};
template <>
struct Names<Beacons> {
  static constexpr std::array<std::string_view, 3> values{"low", "high", "unknown"};
};
template <>
struct Names<Traffic> {
  static constexpr std::array<std::string_view, 3> values{"active", "silent", "unknown"};
};
template <>
struct Names<Anchor> {
  static constexpr std::array<std::string_view, 2> values{"ok", "bad"};
};

}  // namespace deadcalm::model
