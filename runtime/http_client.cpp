#include "runtime/http_client.h"

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>

#include "runtime/curl_loop.h"

namespace deadcalm::runtime {
namespace {

// One exchange: owns the easy handle and collects the answer. Kept alive by the waiting coroutine.
struct Exchange {
  HttpRequest request;
  HttpAnswer answer;
  CurlLoop::Door door;
  CURL* easy = nullptr;
  curl_slist* header_list = nullptr;
  bool too_large = false;
  char error_text[CURL_ERROR_SIZE] = {};

  Exchange(HttpRequest what, CurlLoop& loop) : request(std::move(what)), door{loop, request.policy} {}
  ~Exchange() { curl_slist_free_all(header_list); }
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = size * count;
  if (exchange.answer.body.size() + bytes > exchange.request.max_body_bytes) {
    exchange.too_large = true;
    return 0;  // tells libcurl to stop
  }
  exchange.answer.body.append(data, bytes);
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& headers = static_cast<Exchange*>(user)->answer.headers;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) headers.clear();  // of a 100-continue before the answer
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name{trimmed(line.substr(0, colon))};
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  }
  return size * count;
}

bool sends_body(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

void apply(Exchange& exchange) {
  CURL* easy = exchange.easy;
  const HttpRequest& request = exchange.request;
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    if (sends_body(request)) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  // An empty value switches off what libcurl adds by itself: waiting for 100-continue costs a second.
  exchange.header_list = curl_slist_append(nullptr, "Expect:");
  bool has_content_type = false;
  for (const auto& [name, value] : request.headers) {
    const std::string line = std::string(name).append(": ").append(value);
    exchange.header_list = curl_slist_append(exchange.header_list, line.c_str());
    has_content_type = has_content_type || strcasecmp(name.c_str(), "content-type") == 0;
  }
  if (sends_body(request) && !has_content_type) {
    exchange.header_list = curl_slist_append(exchange.header_list, "Content-Type:");
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange.header_list);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, request.session == nullptr ? 1L : 0L);
  if (!request.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_CERTINFO, request.certificate ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request.verify_tls ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request.verify_tls ? 2L : 0L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange.error_text);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
}

model::Millis phase(CURL* easy, CURLINFO from, CURLINFO to) {
  curl_off_t start = 0;
  curl_off_t end = 0;
  if (from != CURLINFO_NONE) curl_easy_getinfo(easy, from, &start);
  curl_easy_getinfo(easy, to, &end);
  return model::Millis{std::max<curl_off_t>(0, end - start) / 1000};
}

void read_timings(Exchange& exchange) {
  CURL* easy = exchange.easy;
  HttpTimings& t = exchange.answer.timings;
  t.dns = phase(easy, CURLINFO_NONE, CURLINFO_NAMELOOKUP_TIME_T);
  t.connect = phase(easy, CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T);
  t.tls = phase(easy, CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T);
  t.first_byte = phase(easy, CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T);
  t.total = phase(easy, CURLINFO_NONE, CURLINFO_TOTAL_TIME_T);
}

// Of the first certificate of the chain, the server's own: "Expire date:Nov 25 02:14:46 2027 GMT".
std::optional<model::WallTime> certificate_end(CURL* easy) {
  constexpr std::string_view kKey = "Expire date:";
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr ||
      chain->num_of_certs == 0)
    return std::nullopt;
  for (const curl_slist* line = chain->certinfo[0]; line != nullptr; line = line->next) {
    const std::string_view text(line->data);
    if (!text.starts_with(kKey)) continue;
    const std::time_t at = curl_getdate(line->data + kKey.size(), nullptr);
    if (at != -1) return model::from_unix_millis(static_cast<std::int64_t>(at) * 1000);
  }
  return std::nullopt;
}

HttpFault fault_of(CURLcode code, long os_error) {
  if (os_error == EMFILE || os_error == ENFILE || os_error == ENOMEM || os_error == EADDRNOTAVAIL)
    return HttpFault::own;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return HttpFault::dns;
    case CURLE_COULDNT_CONNECT: return HttpFault::connect;
    case CURLE_OPERATION_TIMEDOUT: return HttpFault::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return HttpFault::tls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return HttpFault::bad_request;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT: return HttpFault::own;
    default: return HttpFault::broken;
  }
}

CURLSH* new_connection_pool() {
  CURLSH* pool = curl_share_init();
  if (pool == nullptr) throw std::bad_alloc();
  curl_share_setopt(pool, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
  return pool;
}

std::string host_and_port(const std::string& url) {
  CURLU* parts = curl_url();
  std::string text = url;
  char* host = nullptr;
  char* port = nullptr;
  if (parts != nullptr && curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
    text = std::string(host) + ':' + port;
  }
  curl_free(host);
  curl_free(port);
  curl_url_cleanup(parts);
  return text;
}

HttpFailure failure_of(const Exchange& exchange, CURLcode code) {
  long os_error = 0;
  curl_easy_getinfo(exchange.easy, CURLINFO_OS_ERRNO, &os_error);
  curl_off_t sent_at = 0;  // > 0 once the request could go out
  curl_easy_getinfo(exchange.easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);

  HttpFailure failure;
  failure.fault = exchange.too_large ? HttpFault::too_large : fault_of(code, os_error);
  if (code == CURLE_COULDNT_CONNECT && !exchange.door.refused.empty()) failure.fault = HttpFault::refused;
  failure.request_sent = sent_at > 0;
  const std::string where = host_and_port(exchange.request.url);
  switch (failure.fault) {
    case HttpFault::connect:
      failure.message = (os_error == ECONNREFUSED ? std::string("connection refused ")
                         : os_error != 0 ? std::string(std::strerror(static_cast<int>(os_error))) + ' '
                                         : std::string("cannot connect to ")) +
                        where;
      break;
    case HttpFault::refused: failure.message = exchange.door.refused + " (" + where + ')'; break;
    case HttpFault::dns: failure.message = "cannot resolve " + where; break;
    case HttpFault::timeout:
      failure.message = (failure.request_sent ? "no answer within " : "no connection within ") +
                        std::to_string(exchange.request.timeout.count()) + " ms from " + where;
      break;
    case HttpFault::too_large:
      failure.message =
          "answer larger than " + std::to_string(exchange.request.max_body_bytes) + " bytes from " + where;
      break;
    default:
      failure.message = exchange.error_text[0] != '\0' ? exchange.error_text : curl_easy_strerror(code);
      failure.message += " (" + where + ")";
  }
  return failure;
}

}  // namespace

const std::string* HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

// libcurl's pool of a multi handle is one for all: a transaction would go on over a connection that
// another one opened, and each request would search them all. A share handle has a pool of its own.
HttpSession::~HttpSession() {
  close();
}

void HttpSession::close() {
  if (pool_ != nullptr) curl_share_cleanup(static_cast<CURLSH*>(std::exchange(pool_, nullptr)));
}

HttpClient::HttpClient(net::any_io_executor executor)
    : loop_(std::make_unique<CurlLoop>(std::move(executor))) {}
HttpClient::~HttpClient() = default;

net::awaitable<std::expected<HttpAnswer, HttpFailure>> HttpClient::fetch(HttpRequest request) {
  Exchange exchange(std::move(request), *loop_);
  exchange.easy = loop_->acquire(exchange.door);
  apply(exchange);
  if (HttpSession* session = exchange.request.session) {
    if (session->pool_ == nullptr) session->pool_ = new_connection_pool();
    curl_easy_setopt(exchange.easy, CURLOPT_SHARE, session->pool_);
  }

  CURLcode code = CURLE_OK;
  bool cancelled = false;
  auto initiate = [this, &exchange, &code, &cancelled](auto handler) {
    auto slot = net::get_associated_cancellation_slot(handler);
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    if (slot.is_connected()) {
      slot.assign([this, &exchange, &cancelled, resume](net::cancellation_type) {
        cancelled = true;
        loop_->abandon(exchange.easy);
        net::post(loop_->executor(), [resume] { std::move (*resume)(); });
      });
    }
    loop_->start(exchange.easy, [&code, slot, resume](CURLcode result) mutable {
      slot.clear();
      code = result;
      std::move (*resume)();
    });
  };
  co_await net::async_initiate<decltype(net::use_awaitable), void()>(initiate, net::use_awaitable);

  // Resumed from within CurlLoop::drain(), after the handle was removed from the multi.
  std::expected<HttpAnswer, HttpFailure> result;
  if (cancelled) {
    result = std::unexpected(HttpFailure{HttpFault::own, true, "cancelled"});
  } else if (code != CURLE_OK) {
    result = std::unexpected(failure_of(exchange, code));
  } else {
    long status = 0;
    long new_connections = 0;
    curl_easy_getinfo(exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange.easy, CURLINFO_NUM_CONNECTS, &new_connections);
    exchange.answer.status = static_cast<int>(status);
    exchange.answer.reused_connection = new_connections == 0;
    if (exchange.request.certificate) exchange.answer.certificate_ends = certificate_end(exchange.easy);
    read_timings(exchange);
    result = std::move(exchange.answer);
  }
  loop_->recycle(exchange.easy);
  co_return result;
}

}  // namespace deadcalm::runtime
