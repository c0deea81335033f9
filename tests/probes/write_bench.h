#pragma once
// The write cycle over a scripted backend, on the fake clock: what the tests of its parts share.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "probes/write_probe.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_backend.h"

namespace deadcalm::tests {

inline const model::Secret kKey{"test-key"};
inline const probes::StepFailure kRefused{model::Write::net, "connection refused 127.0.0.1:1", false, false,
                                          false};
inline const probes::StepFailure kServerError{model::Write::server, "HTTP 500", true, false, false};

struct WriteBench {
  net::io_context io;
  FakeClock clock{io};
  World world;
  World database;  // behind read_from, where there is one
  MemoryLedger ledger;
  std::unique_ptr<probes::WriteProbe> probe;
  model::Observation last;
  probes::WriteProbeOptions options{"orders", "http", std::chrono::seconds{10}, std::chrono::seconds{5},
                                    std::chrono::seconds{5}};
  bool with_read_from = false;
  std::function<void(probes::WriteProbeDeps&)> add_known;

  // A new process on the same ledger and the same world.
  void restart() {
    std::unique_ptr<probes::Backend> reader;
    if (with_read_from) reader = std::make_unique<ScriptedBackend>(database, clock);
    probes::WriteProbeDeps deps{clock, ledger, kKey, std::make_unique<ScriptedBackend>(world, clock),
                                std::move(reader)};
    if (add_known) add_known(deps);
    probe = std::make_unique<probes::WriteProbe>(options, std::move(deps), ledger.stream, ledger.all());
  }

  template <class T>
  T wait(net::awaitable<T> task, model::Millis at_most = std::chrono::seconds{120}) {
    std::optional<T> result;
    std::exception_ptr error;
    net::co_spawn(io, std::move(task), [&](std::exception_ptr e, T value) {
      error = e;
      result = std::move(value);
    });
    constexpr model::Millis kStep{10};
    for (model::Millis spent{0}; !result && !error && spent < at_most; spent += kStep) clock.advance(kStep);
    if (error) std::rethrow_exception(error);
    REQUIRE(result);
    return std::move(*result);
  }

  net::awaitable<int> cycle_task() {
    int published = 0;
    auto publish = [&](model::Observation o) {
      last = std::move(o);
      ++published;
    };
    co_await probe->run(publish);
    co_return published;
  }

  // One cycle, which publishes exactly one look.
  model::WriteLook cycle() {
    REQUIRE(wait(cycle_task()) == 1);
    UNSCOPED_INFO(last.step << ": " << last.detail);
    return std::get<model::WriteLook>(last.look);
  }

  std::size_t count(model::RecordState state) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        ledger.records, [&](const auto& entry) { return entry.second.state == state; }));
  }
};

}  // namespace deadcalm::tests
