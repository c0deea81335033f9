#pragma once
// Errors that callers handle. Exceptions are for bugs and out-of-memory only.
#include <expected>
#include <string>
#include <utility>

namespace deadcalm::model {

enum class ErrorKind {
  bad_input,  // what the user or a peer gave; message says how to mend it
  not_found,
  conflict,     // somebody else changed it first
  unavailable,  // may work later: busy, disk full, connection lost
  internal,     // a bug or a broken invariant of ours
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  // for people; callers branch on kind only
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected<Error>(Error{kind, std::move(message)});
}

}  // namespace deadcalm::model
