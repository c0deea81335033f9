#include "config/options.h"

namespace deadcalm::config {

Reader ProbeOptions::reader(Context& context) const {
  Reader reader(node, context);
  reader.also_known({"type", "name", "interval", "timeout", "on_silence"});
  return reader;
}

Reader ChannelOptions::reader(Context& context) const {
  Reader reader(node, context);
  reader.also_known({"type", "name"});
  return reader;
}

}  // namespace deadcalm::config
