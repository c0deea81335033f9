#pragma once
// RESP, the protocol of Redis (redis.io, "Redis serialization protocol specification", version 2): requests
// are built here, answers are parsed by the reader of libhiredis. No I/O.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"

namespace deadcalm::probes::redis {

struct Reply {
  enum class Kind { nil, text, status, error, integer, array };
  Kind kind = Kind::nil;
  std::string text;  // of text, status ("OK") and error ("WRONGPASS ...")
  std::int64_t integer = 0;
  std::vector<Reply> items;

  bool is_nil() const { return kind == Kind::nil; }
  bool is_error() const { return kind == Kind::error; }
};

// An array of bulk strings: safe for any bytes in the arguments.
std::string encode_command(const std::vector<std::string>& arguments);

// Takes bytes as they come and gives replies as they are complete. After an error nothing more comes.
class ReplyReader {
 public:
  explicit ReplyReader(std::size_t max_bytes);  // of one reply; more is an error
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view bytes);
  // nullopt: not complete yet. An error: not RESP, or too large.
  model::Result<std::optional<Reply>> next();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::size_t max_bytes_;
  std::size_t taken_ = 0;  // since the last complete reply
};

}  // namespace deadcalm::probes::redis
