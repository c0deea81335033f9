#pragma once
// A backend of AWS over the stand-in, and the stories that both of them tell alike.
#include "tests/support/aws_stand_in.h"
#include "tests/support/backend_rig.h"

namespace deadcalm::tests {

struct AwsRig : BackendRig {
  AwsStandIn aws;
  server::HttpServer server{io.get_executor(),
                            [this](server::Request r) { return aws.handle(std::move(r)); }};
  std::string yaml;  // of the entry, without its type

  AwsRig(const std::string& type, const std::string& keys)
      : yaml(keys + "region: eu-central-1\nendpoint: http://127.0.0.1:" +
             std::to_string(server.start("127.0.0.1:0").value()) +
             "\ncredentials: { access_key_id: AKIDEXAMPLE, secret_access_key: \"${KEY}\" }\n") {
    environment.variables["KEY"] = "s3cret-0";
    boot(type, yaml);
  }
  ~AwsRig() { run_task(io, server.stop()); }
};

// Acknowledged and not kept is lost; emptied is a kept record gone.
template <class Rig>
void tell_losses() {
  Rig lost;
  lost.cycle();
  lost.aws.forgets = true;
  CHECK(lost.cycle().read_back == model::ReadBack::lost);
  Rig emptied;
  emptied.cycle();
  emptied.aws.records.clear();
  CHECK(emptied.cycle().sentinel == model::Sentinel::missing);
}

// A cut connection is net, and what it may have left is cleaned up later.
template <class Rig>
void survive_a_cut_connection() {
  Rig rig;
  rig.cycle();
  rig.aws.drops = true;
  CHECK(rig.cycle().write == model::Write::net);
  rig.aws.drops = false;
  CHECK(rig.cycle().sentinel == model::Sentinel::present);
  CHECK(rig.aws.records.size() == 1);
}

}  // namespace deadcalm::tests
