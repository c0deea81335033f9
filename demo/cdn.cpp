#include "demo/cdn.h"

namespace deadcalm::demo {

Cdn::Cdn(net::any_io_executor executor, std::string origin)
    : origin_(std::move(origin)),
      client_(executor),
      server_(std::move(executor), [this](server::Request request) { return handle(std::move(request)); }) {}

model::Result<std::uint16_t> Cdn::start(const std::string& listen) {
  return server_.start(listen);
}

net::awaitable<void> Cdn::stop() {
  co_await server_.stop();
}

net::awaitable<server::Response> Cdn::handle(server::Request request) {
  runtime::HttpRequest upstream;
  upstream.method = request.method;
  upstream.url = origin_ + request.path;
  upstream.body = request.body;
  upstream.timeout = model::Millis{500};
  const auto answer = co_await client_.fetch(std::move(upstream));

  server::Response response;
  const bool read = request.method == "GET" || request.method == "HEAD";
  if (answer && (answer->status < 500 || !read)) {
    response.status = answer->status;
    response.body = answer->body;
    response.content_type = "application/json";
    if (read && answer->status == 200) kept_[request.path] = response;
    response.headers = {{"Cache-Status", "demo-cdn; fwd=miss; stored"}};
    co_return response;
  }
  const auto kept = kept_.find(request.path);
  if (read && kept != kept_.end()) {
    response = kept->second;
    response.headers = {{"Cache-Status", "demo-cdn; fwd=stale; fwd-status=504"}};
    co_return response;
  }
  response.status = 502;
  response.body = "the shop does not answer\n";
  co_return response;
}

}  // namespace deadcalm::demo
