#pragma once
// One look along the clients' own path.
#include <string>

#include "model/observation.h"
#include "runtime/net.h"

namespace deadcalm::probes {

class View {
 public:
  virtual ~View() = default;
  // An observation with a ViewLook. Never throws but on cancellation; ends by its own time-out.
  virtual net::awaitable<model::Observation> look() = 0;
  virtual const std::string& name() const = 0;
};

}  // namespace deadcalm::probes
