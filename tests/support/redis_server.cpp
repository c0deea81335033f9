#include "tests/support/redis_server.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace deadcalm::tests {
namespace {

std::string text_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options, bool tls)
    : options_(std::move(options)), tls_(tls), port_(free_port()) {
  if (!std::filesystem::exists("/usr/bin/redis-server"))
    throw std::runtime_error("Redis is not installed (apt-get install redis-server)");
  if (tls_) {
    const int made = run_command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                  "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                                  "/CN=deadcalm test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                                  dir_.file("key.pem"), "-out", dir_.file("cert.pem")});
    if (made != 0) throw std::runtime_error("openssl made no certificate");
  }
  start();
}

void RedisServer::start() {
  const std::string port = std::to_string(port_);
  std::vector<std::string> words{
      "redis-server",       "--bind", "127.0.0.1",      "--save", "", "--appendonly", "no", "--dir",
      dir_.path().string(), "--port", tls_ ? "0" : port};
  if (tls_) {
    const std::vector<std::string> more{"--tls-port",         port,
                                        "--tls-cert-file",    dir_.file("cert.pem"),
                                        "--tls-key-file",     dir_.file("key.pem"),
                                        "--tls-ca-cert-file", dir_.file("cert.pem"),
                                        "--tls-auth-clients", "no"};
    words.insert(words.end(), more.begin(), more.end());
  }
  words.insert(words.end(), options_.begin(), options_.end());
  server_ = Process(words, dir_.file("redis.log"));
  if (!wait_for_port(port_))
    throw std::runtime_error("Redis did not start: " + text_of_file(dir_.file("redis.log")));
}

std::string RedisServer::url() const {
  return (tls_ ? "rediss://127.0.0.1:" : "redis://127.0.0.1:") + std::to_string(port_);
}

std::string RedisServer::cli(std::vector<std::string> command) const {
  const TempDir out;
  std::vector<std::string> words{"redis-cli", "-h", "127.0.0.1", "-p", std::to_string(port_)};
  if (tls_) words.insert(words.end(), {"--tls", "--cacert", ca_file()});
  words.insert(words.end(), command.begin(), command.end());
  const int status = run_command(words, out.file("cli"));
  std::string text = text_of_file(out.file("cli"));
  while (text.ends_with('\n')) text.pop_back();
  if (status != 0) throw std::runtime_error("redis-cli: " + text);
  return text;
}

}  // namespace deadcalm::tests
