#pragma once
// A canary as backends see it: a numbered token and the names its record can have before it exists.
#include <string>

#include "model/ledger.h"
#include "model/secret.h"
#include "model/token.h"

namespace deadcalm::probes {

struct Canary {
  std::string stream;
  std::uint64_t seq = 0;
  std::string token;      // what the record must hold
  std::string record_id;  // ${canary.id}, or what the server assigned

  std::string uuid() const { return model::canary_uuid(stream, seq); }
  std::int64_t number() const { return model::canary_int(stream, seq); }
};

inline Canary make_canary(const std::string& stream, std::uint64_t seq, model::WallTime now,
                          const model::Secret& key) {
  const model::Token token{stream, seq, now, model::random_hex(4)};
  return {stream, seq, encode(token, key), model::canary_id(stream, seq)};
}

// Is it what find() was asked for? An empty stream means any.
inline bool is_of(const model::Token& token, const std::string& stream) {
  return stream.empty() || token.stream == stream;
}

inline Canary canary_of(const model::Record& record) {
  return {record.stream, record.seq, record.token, record.id};
}

}  // namespace deadcalm::probes
