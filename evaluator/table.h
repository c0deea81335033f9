#pragma once
// The decision table: from signals to a verdict. Total and pure. docs/semantics.md §4 explains each row.
#include <span>

#include "model/signals.h"
#include "model/verdict.h"

namespace deadcalm::evaluator {

struct TableOptions {
  bool has_write = true;   // false: truth is not measured, row 14 does not apply
  bool loop_late = false;  // our own loop is late by more than 3 intervals: as blind as without anchors
};

struct Ruling {
  model::Verdict verdict = model::Verdict::unknown;
  model::Masked masked = model::Masked::unknown;
  int row = 0;  // 1-16
  model::AlarmClass alarm_class = model::AlarmClass::none;
  friend bool operator==(const Ruling&, const Ruling&) = default;
};

// Do clients look fine while the backend may not be? First match of the four rules of §3.
model::Masked masked_of(const model::Signals& signals);

// The first row that matches.
Ruling rule(const model::Signals& signals, const TableOptions& options = {});

// How a row fills in `masked`.
enum class MaskedRule { no, yes, unknown, by_signals, by_cache };

struct Row {
  int number;
  bool (*applies)(const model::Signals&, const TableOptions&);
  model::Verdict verdict;
  MaskedRule masked;
  model::AlarmClass alarm_class;
};

// The 16 rows in order, for documentation and tests.
std::span<const Row> rows();

}  // namespace deadcalm::evaluator
