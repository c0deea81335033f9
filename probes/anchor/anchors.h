#pragma once
// Anchors: targets nobody here owns, to know whether our own network works. One look asks all of them
// at once. An anchor that never answered since it was configured does not vote: it is a config error
// (blocked egress, a typo), and would make us blind for ever.
#include <set>
#include <string>
#include <vector>

#include "model/observation.h"
#include "runtime/clock.h"
#include "runtime/http_client.h"

namespace deadcalm::probes {

enum class AnchorKind { tcp, dns, http };

struct AnchorTarget {
  AnchorKind kind = AnchorKind::tcp;
  std::string target;  // host:port, a name, or an URL (any answer counts)
};

class Anchors {
 public:
  // `proved`: targets that have answered before, as the store remembers them.
  Anchors(std::vector<AnchorTarget> targets, model::Millis timeout, runtime::Clock& clock,
          runtime::HttpClient& client, std::set<std::string> proved);

  // Ends by the time-out; with no targets configured 0 of 0.
  net::awaitable<model::Observation> look();

  const std::set<std::string>& proved() const { return proved_; }  // grows; the caller stores it
  std::vector<std::string> never_answered() const;
  bool configured() const { return !targets_.empty(); }

 private:
  net::awaitable<bool> ask(AnchorTarget target);

  std::vector<AnchorTarget> targets_;
  model::Millis timeout_;
  runtime::Clock& clock_;
  runtime::HttpClient& client_;
  std::set<std::string> proved_;
};

}  // namespace deadcalm::probes
