#pragma once
// When what we show a server ends.
#include "model/time.h"

namespace deadcalm::model {

struct CredentialExpiry {
  WallTime at{};
  bool renews = false;  // we get another by ourselves before that; else a person must
  friend bool operator==(const CredentialExpiry&, const CredentialExpiry&) = default;
};

}  // namespace deadcalm::model
