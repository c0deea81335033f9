// A process that runs write cycles on a real store and kills itself with SIGKILL at its n-th step, so
// that the test beside it can see what a crash leaves:
//   cycle_victim STORE TYPE YAML_FILE KILL_AT CYCLES
// Steps are counted before and after every ledger commit and every verb of the backend. KILL_AT 0: never.
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "monitor/store_ledger.h"
#include "probes/registry.h"
#include "probes/write_probe.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/support/decode_yaml.h"

using namespace deadcalm;
using namespace std::chrono_literals;

namespace {

int steps_left = 0;

void step() {
  if (steps_left > 0 && --steps_left == 0) ::kill(::getpid(), SIGKILL);
}

class MortalLedger final : public probes::Ledger {
 public:
  explicit MortalLedger(store::StoreThread& store) : inner_(store) {}
  net::awaitable<model::Result<void>> commit(std::string stream, probes::LedgerChange change) override {
    step();
    auto result = co_await inner_.commit(std::move(stream), std::move(change));
    step();
    co_return result;
  }

 private:
  monitor::StoreLedger inner_;
};

class MortalBackend final : public probes::Backend {
 public:
  explicit MortalBackend(std::unique_ptr<probes::Backend> inner) : inner_(std::move(inner)) {}
  net::awaitable<probes::PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override {
    return around(inner_->prepare(may_create, deadline));
  }
  net::awaitable<probes::PlantAnswer> plant(probes::Canary canary, model::SteadyTime deadline) override {
    return around(inner_->plant(std::move(canary), deadline));
  }
  net::awaitable<probes::ReadAnswer> read(probes::Canary canary, model::SteadyTime deadline) override {
    return around(inner_->read(std::move(canary), deadline));
  }
  net::awaitable<probes::RemoveAnswer> remove(probes::Canary canary, model::SteadyTime deadline) override {
    return around(inner_->remove(std::move(canary), deadline));
  }
  net::awaitable<probes::FindAnswer> find(std::string stream, model::SteadyTime deadline) override {
    return around(inner_->find(std::move(stream), deadline));
  }
  void finish() override { inner_->finish(); }
  probes::Description describe(const probes::Canary& example) const override {
    return inner_->describe(example);
  }

 private:
  template <class Answer>
  static net::awaitable<Answer> around(net::awaitable<Answer> verb) {
    step();
    Answer answer = co_await std::move(verb);
    step();
    co_return answer;
  }
  std::unique_ptr<probes::Backend> inner_;
};

net::awaitable<void> live(probes::WriteProbe& probe, int cycles, bool& good) {
  co_await probe.clean_up();
  auto publish = [&good](const model::Observation& o) {
    const auto& look = std::get<model::WriteLook>(o.look);
    good = look.write == model::Write::ok && look.read_back == model::ReadBack::ok;
    if (!good) std::cerr << o.step << ": " << o.detail << '\n';
  };
  for (int i = 0; i < cycles; ++i) co_await probe.run(publish);
}

std::string text_of(const char* file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 64;
  auto opened = store::open_sqlite(argv[1]).value();
  const auto identity = opened->identity().value();
  const auto streams = opened->streams().value();
  const auto records = opened->records().value();
  store::StoreThread store(std::move(opened));
  MortalLedger ledger(store);

  net::io_context io;
  runtime::SystemClock clock;
  runtime::HttpClient client(io.get_executor());
  const config::Environment environment;
  probes::WritePath path;
  const std::string faults = tests::decode_yaml(
      text_of(argv[3]), environment, [&](config::Reader& r) { path = probes::decode_write(argv[2], r); });
  if (!faults.empty()) {
    std::cerr << faults;
    return 65;
  }
  const probes::BackendDeps deps{
      clock, client, io.get_executor(), environment, identity.instance, identity.canary_key};
  model::Stream stream{identity.instance + "-orders", "orders", argv[2], "t", 1, false, false, ""};
  if (!streams.empty()) stream = streams[0];
  probes::WriteProbe probe(
      {"orders", argv[2], 5s, 200ms, 2s},
      {clock, ledger, identity.canary_key, std::make_unique<MortalBackend>(path.backend(deps)), nullptr},
      stream, records);
  steps_left = std::atoi(argv[4]);
  bool good = false;
  net::co_spawn(io, live(probe, std::atoi(argv[5]), good), [](std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
  });
  io.run();
  return good ? 0 : 1;
}
