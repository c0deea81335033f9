#pragma once
// `check: tcp`: connects, says something if asked to, and waits for what must be answered. Every address of
// a name is tried within the time-out, as clients do.
#include "config/reader.h"
#include "probes/view/view.h"
#include "runtime/connect.h"

namespace deadcalm::probes::check {

struct TcpCheckOptions {
  runtime::TcpTarget target;
  std::string send;    // empty: nothing
  std::string expect;  // anywhere in the first 64 KiB of the answer; empty: to connect is enough
};

ViewPath decode_tcp_check(config::Reader& reader);

class TcpCheck final : public View {
 public:
  TcpCheck(ViewPlace place, TcpCheckOptions options, const ViewDeps& deps);

  net::awaitable<model::Observation> look() override;
  const std::string& name() const override { return place_.probe; }

 private:
  struct Talk;
  net::awaitable<void> talk(Talk& talk, model::SteadyTime deadline);

  ViewPlace place_;
  TcpCheckOptions options_;
  runtime::Clock& clock_;
};

}  // namespace deadcalm::probes::check
