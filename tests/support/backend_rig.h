#pragma once
// One write probe over a backend as configured, for the contract tests of any type: real clock, real sockets,
// a ledger in memory.
#include <catch2/catch.hpp>

#include "probes/registry.h"
#include "probes/write_probe.h"
#include "tests/support/decode_yaml.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_backend.h"

namespace deadcalm::tests {

struct BackendRig {
  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client{io.get_executor()};
  config::Environment environment;
  model::Secret key{"test-key"};
  MemoryLedger ledger;
  std::unique_ptr<probes::WriteProbe> probe;
  model::Observation last;
  model::Millis timeout{2'000};

  probes::BackendDeps deps() { return {clock, client, io.get_executor(), environment, "a1b2c3d4", key}; }

  probes::WritePath decode(const std::string& type, const std::string& yaml) {
    probes::WritePath path;
    const std::string faults =
        decode_yaml(yaml, environment, [&](config::Reader& r) { path = probes::decode_write(type, r); });
    INFO(faults);
    REQUIRE(faults.empty());
    return path;
  }
  std::unique_ptr<probes::Backend> backend(const std::string& type, const std::string& yaml) {
    return decode(type, yaml).backend(deps());
  }
  // As after a start of the program: what the ledger has is known.
  void boot(const std::string& type, const std::string& yaml) {
    const probes::WritePath path = decode(type, yaml);
    const probes::WriteProbeOptions options{"orders", type, timeout, model::Millis{100}, timeout / 2};
    probes::WriteProbeDeps parts{clock, ledger, key, path.backend(deps()),
                                 path.read_from ? path.read_from(deps()) : nullptr};
    probe = std::make_unique<probes::WriteProbe>(options, std::move(parts), ledger.stream, ledger.all());
  }

  net::awaitable<int> cycle_task() {
    auto publish = [this](model::Observation o) { last = std::move(o); };
    co_await probe->run(publish);
    co_return 0;
  }
  model::WriteLook cycle() {
    run_task(io, cycle_task());
    return std::get<model::WriteLook>(last.look);
  }

  // Lets time pass for a server of another process.
  void run_for(model::Millis d) { run_task(io, clock.sleep_for(d)); }

  // Three verified cycles, each of which leaves one record; the last one sees the kept one.
  void verify_cycles() {
    model::WriteLook look;
    for (int i = 0; i < 3; ++i) {
      look = cycle();
      INFO(last.step << ' ' << last.detail);
      CHECK(look.write == model::Write::ok);
      CHECK(look.read_back == model::ReadBack::ok);
      CHECK(ledger.records.size() == 1);
    }
    CHECK(look.sentinel == model::Sentinel::present);
  }

  probes::Canary canary(std::uint64_t seq) {
    return probes::make_canary(ledger.stream.name, seq, clock.now().wall, key);
  }
  model::SteadyTime soon() { return clock.now().steady + timeout; }
};

// The faults' text of a probe's keys; empty: none.
inline std::string faults_of(const std::string& type, const std::string& yaml,
                             const config::Environment& environment = {}) {
  return decode_yaml(yaml, environment, [&](config::Reader& r) { probes::decode_write(type, r); });
}

}  // namespace deadcalm::tests
