#include "tests/support/front.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace deadcalm::tests {

Nginx::Nginx(std::uint16_t origin, bool names_itself)
    : origin_(origin), port_(free_port()), names_itself_(names_itself) {
  start("1s");
}

void Nginx::start(const std::string& valid) {
  std::ofstream(dir_.file("nginx.conf"))
      << "daemon off; worker_processes 1; error_log " << dir_.file("error.log") << "; pid "
      << dir_.file("pid") << ";\n"
      << (::getuid() == 0 ? "user root;\n" : "") << "events { }\nhttp {\n access_log off;\n"
      << " client_body_temp_path " << dir_.file("b") << "; proxy_temp_path " << dir_.file("p")
      << "; fastcgi_temp_path " << dir_.file("f") << "; uwsgi_temp_path " << dir_.file("u")
      << "; scgi_temp_path " << dir_.file("s") << ";\n"
      << " proxy_cache_path " << dir_.file("cache") << " keys_zone=z:1m inactive=1d;\n"
      << " server {\n  listen 127.0.0.1:" << port_
      << ";\n  location / {\n   proxy_pass http://127.0.0.1:" << origin_ << ";\n"
      << "   proxy_read_timeout 500ms; proxy_connect_timeout 500ms; proxy_cache z; proxy_cache_key $uri; "
         "proxy_cache_valid 200 "
      << valid << ";\n   proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;\n"
      << (names_itself_ ? "   add_header X-Cache-Status $upstream_cache_status always;\n" : "")
      << "  }\n }\n}\n";
  process_ = Process({"/usr/sbin/nginx", "-c", dir_.file("nginx.conf")}, dir_.file("log"));
  if (!wait_for_port(port_)) throw std::runtime_error("nginx did not start (apt-get install nginx-light)");
}

// A longer life for what it has: the copies in the cache were stored with a second to live, so the
// stuck state is a cache that answers everything from one copy.
void Nginx::get_stuck() {
  process_.signal(SIGQUIT);
  process_.wait();
  start("1d");
}

void Nginx::work_again() {
  process_.signal(SIGQUIT);
  process_.wait();
  std::error_code ignored;
  std::filesystem::remove_all(dir_.file("cache"), ignored);
  start("1s");
}

Varnish::Varnish(std::uint16_t origin) : port_(free_port()) {
  std::ofstream(dir_.file("d.vcl"))
      << "vcl 4.1;\nbackend default { .host = \"127.0.0.1\"; .port = \"" << origin
      << "\"; .connect_timeout = 0.5s; .first_byte_timeout = 0.5s; }\n"
      << "sub vcl_backend_response {\n  if (beresp.status >= 500) { return (abandon); }\n"
      << "  set beresp.ttl = 1s; set beresp.grace = 1h;\n}\n";
  process_ = Process({"varnishd", "-F", "-n", dir_.file("n"), "-a", "127.0.0.1:" + std::to_string(port_),
                      "-T", "none", "-f", dir_.file("d.vcl"), "-s", "malloc,32m", "-j", "none"},
                     dir_.file("log"));
  if (!wait_for_port(port_)) throw std::runtime_error("varnishd did not start (apt-get install varnish)");
}

}  // namespace deadcalm::tests
