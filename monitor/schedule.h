#pragma once
// When what is looked at. Pure: times go in, times come out.
//
// Looks start on a grid, each at a phase of its own that follows from its name: a thousand probes of
// one interval spread over it, keep their places through restarts, and those of one grid point share
// one wake-up of the loop (at a low pace waking up costs more than looking).
#include <cstdint>
#include <queue>
#include <string_view>
#include <vector>

#include "model/time.h"

namespace deadcalm::monitor {

using model::Millis;
using model::SteadyTime;

// 100 ms, and for intervals below a second a tenth of the interval.
Millis grid_of(Millis interval);

// The first start at or after `from` for a look of this name: a multiple of the interval, plus its phase.
SteadyTime first_start(std::string_view name, Millis interval, SteadyTime from);

// The next start after the one that was due at `due`; missed ones are skipped, not caught up.
SteadyTime next_start(SteadyTime due, Millis interval, SteadyTime now);

// Due times of numbered things; each thing has one. Setting it again replaces it. O(log n).
class Agenda {
 public:
  using Id = std::uint32_t;
  explicit Agenda(std::size_t things) : due_(things, kNever) {}

  void set(Id thing, SteadyTime due);
  void clear(Id thing) { due_[thing] = kNever; }
  SteadyTime due(Id thing) const { return due_[thing]; }

  // Earliest due time; kNever if nothing is.
  SteadyTime earliest();
  // Takes one thing that is due by `now`; false if there is none.
  bool take(SteadyTime now, Id& thing, SteadyTime& was_due);

  static constexpr SteadyTime kNever = SteadyTime::max();

 private:
  struct Entry {
    SteadyTime due;
    Id thing;
    bool operator>(const Entry& o) const { return due != o.due ? due > o.due : thing > o.thing; }
  };
  void drop_stale();

  std::vector<SteadyTime> due_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;  // may hold replaced entries
};

}  // namespace deadcalm::monitor
