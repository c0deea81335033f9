#include "monitor/schedule.h"

#include <algorithm>

namespace deadcalm::monitor {
namespace {

// FNV-1a, 64 bit: the phase must be the same in every build and on every machine.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

}  // namespace

Millis grid_of(Millis interval) {
  return std::max(Millis{1}, std::min(Millis{100}, interval / 10));
}

SteadyTime first_start(std::string_view name, Millis interval, SteadyTime from) {
  const Millis grid = grid_of(interval);
  const auto places = static_cast<std::uint64_t>(std::max<Millis::rep>(1, interval / grid));
  const Millis phase = grid * static_cast<Millis::rep>(hash(name) % places);
  const Millis since_phase = from.time_since_epoch() - phase;
  Millis::rep turns = since_phase / interval;
  if (since_phase % interval > Millis{0}) ++turns;
  return SteadyTime{phase + interval * turns};
}

SteadyTime next_start(SteadyTime due, Millis interval, SteadyTime now) {
  const SteadyTime next = due + interval;
  if (next > now) return next;
  return due + interval * ((now - due) / interval + 1);
}

void Agenda::set(Id thing, SteadyTime due) {
  if (due_[thing] == due) return;
  due_[thing] = due;
  if (due != kNever) heap_.push({due, thing});
}

void Agenda::drop_stale() {
  while (!heap_.empty() && due_[heap_.top().thing] != heap_.top().due) heap_.pop();
}

SteadyTime Agenda::earliest() {
  drop_stale();
  return heap_.empty() ? kNever : heap_.top().due;
}

bool Agenda::take(SteadyTime now, Id& thing, SteadyTime& was_due) {
  if (earliest() > now || heap_.empty()) return false;
  thing = heap_.top().thing;
  was_due = heap_.top().due;
  heap_.pop();
  due_[thing] = kNever;
  return true;
}

}  // namespace deadcalm::monitor
