#pragma once
// What the evaluator knows about a service besides its looks: how patient it is and what is measured.
// Built once from the configuration; plain values, no behaviour. Rules: docs/semantics.md §5.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "model/time.h"

namespace deadcalm::evaluator {

using model::Millis;

struct WriteProbe {
  std::string name;    // Observation::probe
  std::string stream;  // as in its tokens (model::SeenToken::stream)
  Millis interval = std::chrono::seconds{60};
  Millis timeout = std::chrono::seconds{10};
};

struct ViewProbe {
  std::string name;
  Millis interval = std::chrono::seconds{60};
  Millis timeout = std::chrono::seconds{10};
  bool is_check = false;  // an ordinary check: it fails as a client's path does, but no client is there
  Millis unseen{};        // how long its failure may be no failure yet: a job may be late by its grace
};

// Where beacons or organic commits are counted; its looks arrive every `interval`.
struct CountSource {
  std::string name;
  Millis interval = std::chrono::seconds{60};
};

struct Policy {
  std::string service;

  int failure_threshold = 3;                           // failed looks in a row that make an outage ...
  Millis for_ = std::chrono::minutes{1};               // ... if first and last started this far apart
  Millis recheck_interval = std::chrono::seconds{10};  // between the starts of looks while in doubt
  int success_threshold = 5;
  Millis recover_for = std::chrono::minutes{5};
  Millis loss_recheck = std::chrono::seconds{30};
  Millis blind_for = std::chrono::minutes{5};
  std::optional<Millis> stale_after;  // replaces the computed A_max
  bool on_silence_page = false;

  std::vector<WriteProbe> writes;
  std::vector<ViewProbe> views;
  std::optional<CountSource> beacons;
  std::optional<CountSource> traffic;

  bool has_anchors = true;  // false: failures count at once, unvouched
  Millis anchor_interval = std::chrono::seconds{30};

  bool has_write() const { return !writes.empty(); }
  bool has_view() const { return !views.empty() || beacons.has_value(); }
  bool has_checks_only() const {  // nothing that looks as a client does
    return !views.empty() && !beacons && std::ranges::all_of(views, &ViewProbe::is_check);
  }
};

}  // namespace deadcalm::evaluator
