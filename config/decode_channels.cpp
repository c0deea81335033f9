#include "config/decode.h"

namespace deadcalm::config {

std::vector<ChannelOptions> decode_channels(Reader& root, const KnownTypes& types) {
  std::vector<ChannelOptions> channels;
  Taken taken;
  for (const Node& node : root.list("channels")) {
    Reader reader(node, root.context());
    ChannelOptions channel;
    channel.name = read_name(reader, taken);
    channel.type = reader.text("type");
    check_type(reader, channel.type, types.channels);
    reader.leave_the_rest();
    channel.node = node;
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace deadcalm::config
