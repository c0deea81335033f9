#include "model/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "model/encoding.h"

namespace deadcalm::model {
namespace {

constexpr std::string_view kPrefix = "dc1.";
constexpr std::size_t kMacDigits = 16;
constexpr std::size_t kLongestToken = 4 + 32 + 1 + 20 + 1 + 15 + 1 + 8 + 1 + kMacDigits;

std::string mac_of(std::string_view body, const Secret& key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const std::string& secret = key.reveal();
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(),
           &size) == nullptr) {
    throw std::runtime_error("HMAC-SHA256 is not available in this OpenSSL");
  }
  return hex({reinterpret_cast<const char*>(digest.data()), kMacDigits / 2});
}

std::array<unsigned char, 32> digest_of(std::string_view stream, std::uint64_t seq) {
  const std::string text = std::string(stream) + '.' + std::to_string(seq);
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return digest;
}

bool is_token_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

template <class Number>
bool read_number(std::string_view text, Number& value) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// The next dot-separated field of `rest`, which is shortened; empty at the end.
std::string_view next_field(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view field = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  return field;
}

}  // namespace

std::string encode(const Token& token, const Secret& key) {
  std::string text{kPrefix};
  text += token.stream;
  text += '.';
  text += std::to_string(token.seq);
  text += '.';
  text += std::to_string(unix_millis(token.written));
  text += '.';
  text += token.nonce;
  const std::string mac = mac_of(text, key);
  text += '.';
  return text += mac;
}

std::optional<Token> decode(std::string_view text, const Secret& key) {
  if (!text.starts_with(kPrefix) || text.size() > kLongestToken) return std::nullopt;
  const std::size_t last_dot = text.rfind('.');
  const std::string_view mac = text.substr(last_dot + 1);
  if (mac.size() != kMacDigits) return std::nullopt;

  std::string_view rest = text.substr(kPrefix.size(), last_dot - kPrefix.size());
  Token token;
  token.stream = next_field(rest);
  std::int64_t millis = 0;
  if (token.stream.empty() || !read_number(next_field(rest), token.seq) || token.seq == 0 ||
      !read_number(next_field(rest), millis) || millis < 0) {
    return std::nullopt;
  }
  token.nonce = rest;
  if (token.nonce.size() != 8 || token.nonce.find('.') != std::string::npos) return std::nullopt;
  token.written = from_unix_millis(millis);

  const std::string expected = mac_of(text.substr(0, last_dot), key);
  if (CRYPTO_memcmp(expected.data(), mac.data(), kMacDigits) != 0) return std::nullopt;
  return token;
}

std::vector<Token> find_tokens(std::string_view text, const Secret& key, std::size_t limit) {
  std::vector<Token> found;
  std::size_t at = text.find(kPrefix);
  while (at != std::string_view::npos && found.size() < limit) {
    std::size_t end = at;
    while (end < text.size() && end - at < kLongestToken && is_token_letter(text[end])) ++end;
    // The mac has a fixed length, so a token followed by "." (a sentence's end) is still found.
    std::string_view candidate = text.substr(at, end - at);
    std::size_t dots = 0;
    for (std::size_t i = 0; i < candidate.size(); ++i) {
      if (candidate[i] == '.' && ++dots == 5) {
        candidate = candidate.substr(0, i + 1 + kMacDigits);
        break;
      }
    }
    if (auto token = decode(candidate, key)) found.push_back(*std::move(token));
    at = text.find(kPrefix, at + kPrefix.size());
  }
  return found;
}

std::string canary_id(std::string_view stream, std::uint64_t seq) {
  return "dc-" + std::string(stream) + '-' + std::to_string(seq);
}

std::string canary_uuid(std::string_view stream, std::uint64_t seq) {
  auto digest = digest_of(stream, seq);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0f) | 0x80);  // version 8: our own layout
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3f) | 0x80);  // variant
  std::string text = hex({reinterpret_cast<const char*>(digest.data()), 16});
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) text.insert(dash, 1, '-');
  return text;
}

std::int64_t canary_int(std::string_view stream, std::uint64_t seq) {
  // 21 bits of the stream above 32 bits of the number: below 2^53, so JavaScript reads it exactly.
  const auto digest = digest_of(stream, 0);
  const std::uint64_t high = (static_cast<std::uint64_t>(digest[0]) << 13 |
                              static_cast<std::uint64_t>(digest[1]) << 5 | digest[2] >> 3) &
                             0x1fffff;
  return static_cast<std::int64_t>(high << 32 | (seq & 0xffffffffU));
}

// Taken in stock: OpenSSL's generator costs as much for a few bytes as for some hundred.
std::string random_hex(std::size_t bytes) {
  thread_local std::array<unsigned char, 512> stock;
  thread_local std::size_t left = 0;
  std::string raw;
  while (raw.size() < bytes) {
    if (left == 0) {
      if (RAND_bytes(stock.data(), static_cast<int>(stock.size())) != 1)
        throw std::runtime_error("the system gives no random bytes");
      left = stock.size();
    }
    raw.push_back(static_cast<char>(std::exchange(stock[--left], 0)));
  }
  return hex(raw);
}

}  // namespace deadcalm::model
