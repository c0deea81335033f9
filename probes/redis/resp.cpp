// libhiredis builds replies through functions of the caller's; ours make Reply objects and tie them into the
// array they belong to. Only the root is freed by whoever asked for it: parts belong to their array.
#include "probes/redis/resp.h"

#include <hiredis/read.h>
#include <cstddef>
#include <cstdlib>

namespace deadcalm::probes::redis {
namespace {

constexpr int kMostElements = 100'000;

// Where the reply of a task goes: into its array, or on its own.
Reply* place(const redisReadTask* task) {
  if (task->parent == nullptr) return new Reply;
  return &static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)];
}

void* make_text(const redisReadTask* task, char* bytes, std::size_t size) {
  Reply* reply = place(task);
  reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                   : Reply::Kind::text;
  reply->text.assign(bytes, size);
  return reply;
}

void* make_array(const redisReadTask* task, int elements) {
  if (elements > kMostElements) return nullptr;
  Reply* reply = place(task);
  reply->kind = Reply::Kind::array;
  reply->items.resize(elements < 0 ? 0 : static_cast<std::size_t>(elements));
  return reply;
}

void* make_integer(const redisReadTask* task, long long value) {
  Reply* reply = place(task);
  reply->kind = Reply::Kind::integer;
  reply->integer = value;
  return reply;
}

void* make_nil(const redisReadTask* task) {
  return place(task);
}

void free_root(void* reply) {
  delete static_cast<Reply*>(reply);
}

redisReplyObjectFunctions kFunctions{&make_text, &make_array, &make_integer, &make_nil, &free_root};

}  // namespace

struct ReplyReader::Parser {
  redisReader* reader = redisReaderCreateWithFunctions(&kFunctions);
  ~Parser() {
    if (reader != nullptr) redisReaderFree(reader);
  }
};

std::string encode_command(const std::vector<std::string>& arguments) {
  std::string out = '*' + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments)
    out += '$' + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  return out;
}

ReplyReader::ReplyReader(std::size_t max_bytes) : parser_(std::make_unique<Parser>()), max_bytes_(max_bytes) {
  if (parser_->reader == nullptr) throw std::bad_alloc();
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  taken_ += bytes.size();
  if (taken_ <= max_bytes_) redisReaderFeed(parser_->reader, bytes.data(), bytes.size());
}

model::Result<std::optional<Reply>> ReplyReader::next() {
  if (taken_ > max_bytes_)
    return model::fail(model::ErrorKind::bad_input,
                       "an answer larger than " + std::to_string(max_bytes_) + " bytes");
  void* object = nullptr;
  if (redisReaderGetReply(parser_->reader, &object) != 0)
    return model::fail(model::ErrorKind::bad_input,
                       std::string("not an answer of Redis: ") + parser_->reader->errstr);
  if (object == nullptr) return std::nullopt;
  const std::unique_ptr<Reply> root(static_cast<Reply*>(object));
  taken_ = 0;
  return std::move(*root);
}

}  // namespace deadcalm::probes::redis
