#pragma once
// The keys of `view: websocket` (docs/views/websocket.md).
#include "config/reader.h"
#include "probes/view/view.h"

namespace deadcalm::probes::websocket {

ViewPath decode_websocket_view(config::Reader& reader);

}  // namespace deadcalm::probes::websocket
