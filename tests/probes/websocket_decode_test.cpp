// The keys of view: websocket. Each tests/data/websocket/NAME.yaml is refused with exactly the text of
// NAME.expected. With DEADCALM_WRITE_EXPECTED=1 in the environment the .expected files are written instead:
// read the diff before you commit it.
#include "probes/view/websocket/decode.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/decode_yaml.h"

using namespace deadcalm;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Decoded {
  std::string faults, target;
};

Decoded decode(const std::string& yaml) {
  config::Environment environment;
  environment.variables["KEY"] = "k3y-of-the-test";
  Decoded out;
  out.faults = tests::decode_yaml(yaml, environment, [&](config::Reader& reader) {
    out.target = probes::websocket::decode_websocket_view(reader).target;
    reader.finish();
  });
  return out;
}

}  // namespace

TEST_CASE("faulty websocket views are refused with the exact text that says how to mend them") {
  const bool write = std::getenv("DEADCALM_WRITE_EXPECTED") != nullptr;
  int files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(DEADCALM_SOURCE_DIR) / "tests/data/websocket")) {
    if (entry.path().extension() != ".yaml") continue;
    INFO(entry.path().filename());
    fs::path expected = entry.path();
    expected.replace_extension(".expected");
    const std::string faults = decode(content(entry.path())).faults;
    if (write) std::ofstream(expected, std::ios::binary) << faults;
    CHECK(faults == content(expected));
    CHECK_FALSE(faults.empty());
    ++files;
  }
  CHECK(files >= 15);
}

TEST_CASE("what a websocket view is subscribed to, for people") {
  const auto target = [](const char* yaml) {
    const Decoded decoded = decode(yaml);
    CHECK(decoded.faults.empty());
    return decoded.target;
  };
  CHECK(target("{protocol: appsync, url: 'https://abc.appsync-api.eu-west-1.amazonaws.com/graphql', "
               "query: 'subscription { onUpdateCanary { id } }', auth: {iam: {region: eu-west-1}}}") ==
        "appsync wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql, "
        "subscription { onUpdateCanary { id } }");
  CHECK(target("{protocol: phoenix, url: 'wss://abc.supabase.co/realtime/v1/websocket', table: canaries, "
               "api_key: '${KEY}'}") ==
        "phoenix wss://abc.supabase.co/realtime/v1/websocket, changes of public.canaries");
  CHECK(target("{protocol: raw, url: 'ws://push.example.com/', send: [SUB a, {op: subscribe}]}") ==
        "raw ws://push.example.com/, every message");
}
