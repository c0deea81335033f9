#pragma once
// Canary tokens: dc1.<stream>.<seq>.<unix ms>.<nonce>.<mac>
//   stream  1-32 of [a-z0-9-]: the write probe of one instance
//   seq     decimal, from 1
//   nonce   8 hex digits
//   mac     first 16 hex digits of HMAC-SHA256(canary key, everything before the last dot)
// The mac makes a token unforgeable: a cache or a third party can repeat freshness, not invent it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/secret.h"
#include "model/time.h"

namespace deadcalm::model {

struct Token {
  std::string stream;
  std::uint64_t seq = 0;
  WallTime written{};
  std::string nonce;
  friend bool operator==(const Token&, const Token&) = default;
};

std::string encode(const Token& token, const Secret& key);

// nullopt: not a token, or the mac is wrong. Compares macs in constant time.
std::optional<Token> decode(std::string_view text, const Secret& key);

// Every token with a valid mac anywhere in `text`, in order of appearance; at most `limit`. Linear in
// text; forged or damaged tokens are skipped.
std::vector<Token> find_tokens(std::string_view text, const Secret& key, std::size_t limit = 1000);

// Names a record before it exists, so that a crash between request and answer leaves nothing nameless.
// Each is a pure function of (stream, seq).
std::string canary_id(std::string_view stream, std::uint64_t seq);    // "dc-<stream>-<seq>"
std::string canary_uuid(std::string_view stream, std::uint64_t seq);  // a version 8 UUID (RFC 9562)
std::int64_t canary_int(std::string_view stream, std::uint64_t seq);  // positive, below 2^53

// 32 random bytes as hex; the default canary key. Throws std::runtime_error if the system has no randomness.
std::string random_hex(std::size_t bytes);

}  // namespace deadcalm::model
