#include "probes/s3/s3_backend.h"

#include "model/encoding.h"
#include "probes/cache_evidence.h"
#include "probes/s3/errors.h"

namespace deadcalm::probes::s3 {
namespace {

StepFailure contract(std::string detail, bool maybe_done) {
  return {model::Write::contract, std::move(detail), maybe_done, false, false};
}

// A key in a path: slashes stay.
std::string encoded_key(std::string_view key) {
  std::string out;
  for (const char c : key) out += c == '/' ? "/" : model::url_encoded({&c, 1});
  return out;
}

bool refuses_credentials(const runtime::HttpAnswer& answer) {
  return answer.status >= 400 && answer.status < 500 && classify(answer).failure == model::Write::auth;
}

bool is_absent(const runtime::HttpAnswer& answer) {
  return answer.status == 404 && error_name(answer) == "NoSuchKey";
}

}  // namespace

S3Backend::S3Backend(std::shared_ptr<const S3Options> options, const BackendDeps& deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      canary_key_(deps.canary_key),
      requester_({options_.region, "s3"}, options_.credentials, options_.requests, deps) {}

std::string S3Backend::base() const {
  if (options_.path_style) return options_.endpoint + '/' + options_.bucket;
  const std::size_t host = options_.endpoint.find("://") + 3;
  return options_.endpoint.substr(0, host) + options_.bucket + '.' + options_.endpoint.substr(host);
}

runtime::HttpRequest S3Backend::object_request(std::string method, const std::string& record_id) const {
  runtime::HttpRequest request;
  request.method = std::move(method);
  request.url = base() + '/' + encoded_key(options_.prefix + record_id);
  return request;
}

runtime::HttpRequest S3Backend::list_request(const std::string& stream,
                                             const std::string& continuation) const {
  runtime::HttpRequest request;
  // Another stream's name may begin alike: what is listed is told apart by its token.
  const std::string own = options_.prefix + (stream.empty() ? "dc-" : "dc-" + stream + '-');
  request.url = base() + "/?list-type=2&prefix=" + model::url_encoded(own);
  if (!continuation.empty()) request.url += "&continuation-token=" + model::url_encoded(continuation);
  return request;
}

net::awaitable<S3Backend::Called> S3Backend::call(runtime::HttpRequest request, model::SteadyTime deadline) {
  auto outcome = co_await requester_.send(std::move(request), &refuses_credentials, deadline);
  if (!outcome) co_return std::unexpected(outcome.error());
  const bool good = outcome->status >= 200 && outcome->status < 300;
  if (!good && !is_absent(*outcome)) co_return std::unexpected(classify(*outcome));
  co_return *std::move(outcome);
}

net::awaitable<PrepareAnswer> S3Backend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // buckets are their owner's
}

net::awaitable<PlantAnswer> S3Backend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  runtime::HttpRequest request = object_request("PUT", canary.record_id);
  request.headers = {{"Content-Type", "text/plain"}};
  for (const auto& header : options_.headers) request.headers.push_back(header);
  request.body = canary.token;
  const Called called = co_await call(std::move(request), deadline);
  if (!called) {
    answer.failure = called.error();
  } else if (called->status == 404) {
    answer.failure = classify(*called);
  }
  co_return answer;
}

// S3 answers 404 only to those who may list the bucket, and 403 to others: absent means absent.
ReadAnswer S3Backend::judge(const runtime::HttpAnswer& http, const Canary& canary) const {
  ReadAnswer answer;
  const model::CacheClass cache = cache_evidence(http.headers).kind;
  answer.from_cache = cache == model::CacheClass::cache_fresh || cache == model::CacheClass::cache_stale ||
                      cache == model::CacheClass::stale_on_error;
  if (http.status == 404) {
    answer.found = Found::no;
    answer.identity_proved = true;
  } else if (http.body == canary.token) {
    answer.found = Found::yes;
    answer.token = canary.token;
  } else {
    answer.found = Found::yes;
    const bool ours = !model::find_tokens(http.body, canary_key_, 1).empty();
    answer.token = ours ? "another token of ours" : "something else than our token";
  }
  return answer;
}

net::awaitable<ReadAnswer> S3Backend::read(Canary canary, model::SteadyTime deadline) {
  runtime::HttpRequest request = object_request("GET", canary.record_id);
  request.headers = {{"Cache-Control", "no-cache"}};
  const Called called = co_await call(std::move(request), deadline);
  if (called) co_return judge(*called, canary);
  ReadAnswer answer;
  answer.failure = called.error();
  co_return answer;
}

// A DELETE says 204 whether the object was there or not, and asks nothing about what it holds: so it is read
// first, and left alone unless it holds our token.
net::awaitable<RemoveAnswer> S3Backend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  const ReadAnswer there = co_await read(canary, deadline);
  if (there.failure) {
    answer.failure = there.failure;
    co_return answer;
  }
  if (there.found == Found::no) {
    answer.removed = Removed::was_absent;
    co_return answer;
  }
  if (there.token != canary.token) {
    answer.failure = contract("not removed: the object does not hold our token any more", false);
    co_return answer;
  }
  runtime::HttpRequest request = object_request("DELETE", canary.record_id);
  const Called called = co_await call(std::move(request), deadline);
  if (called) {
    answer.removed = Removed::yes;
  } else {
    answer.failure = called.error();
  }
  co_return answer;
}

net::awaitable<FindAnswer> S3Backend::find(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  std::string continuation;
  do {  // a page names 1000 objects; the deadline bounds them
    runtime::HttpRequest request = list_request(stream, continuation);
    const Called page = co_await call(std::move(request), deadline);
    if (!page) {
      answer.failure = page.error();
      co_return answer;
    }
    for (const std::string& key : texts_of(page->body, "Key")) {
      if (!key.starts_with(options_.prefix)) continue;
      const std::string record_id = key.substr(options_.prefix.size());
      runtime::HttpRequest get = object_request("GET", record_id);
      const Called object = co_await call(std::move(get), deadline);
      if (!object) {
        answer.failure = object.error();
        co_return answer;
      }
      const auto ours = model::find_tokens(object->body, canary_key_, 1);
      if (!ours.empty() && is_of(ours[0], stream))
        answer.records.push_back({record_id, encode(ours[0], canary_key_)});
    }
    const auto more = texts_of(page->body, "NextContinuationToken");
    continuation = more.empty() ? std::string() : more.front();
  } while (!continuation.empty());
  co_return answer;
}

void S3Backend::finish() {
  requester_.finish();
}

Description S3Backend::describe(const Canary& example) const {
  Description description;
  description.target = base() + '/' + options_.prefix;
  description.proves = "bucket " + options_.bucket + " at " + options_.endpoint + " (no business logic)";
  description.can_find = true;
  description.calls_per_cycle = 6;  // the removal reads before it deletes
  if (example.token.empty()) return description;
  runtime::HttpRequest put = object_request("PUT", example.record_id);
  put.headers = options_.headers;
  put.body = example.token;
  description.requests = {
      "plant   " + requester_.preview(put),
      "read    " + requester_.preview(object_request("GET", example.record_id)),
      "remove  " + requester_.preview(object_request("DELETE", example.record_id)),
      "find    " + requester_.preview(list_request(example.stream, "")),
  };
  description.grants = {
      "s3:PutObject, s3:GetObject, s3:DeleteObject on arn:aws:s3:::" + options_.bucket + '/' +
          options_.prefix + '*',
      "s3:ListBucket on arn:aws:s3:::" + options_.bucket + " (without it an absent object is a 403)"};
  return description;
}

}  // namespace deadcalm::probes::s3
