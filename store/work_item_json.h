#pragma once
// Inbox items as JSON text. Field names are stored: add, never rename. Unknown names are ignored and
// missing ones keep their defaults, so that an older or newer release can read the inbox.
#include <string>

#include "model/command.h"
#include "model/error.h"
#include "model/transition.h"

namespace deadcalm::store {

std::string to_json(const model::Transition& transition);
std::string to_json(const model::Command& command);
model::Result<model::Transition> transition_from_json(const std::string& text);
model::Result<model::Command> command_from_json(const std::string& text);

}  // namespace deadcalm::store
