#pragma once
// A value that must never be printed: a password, a token, a webhook URL.
#include <string>
#include <utility>

namespace deadcalm::model {

// Has no stream operator, no formatter and no conversion: only reveal() gives the text, and its few
// callers are the places where a secret leaves for the wire.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace deadcalm::model
