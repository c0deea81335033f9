#include "store/work_item_json.h"

#include "store/transition_fields.h"

namespace deadcalm::store {

std::string to_json(const model::Transition& transition) {
  return stored::write(transition);
}
std::string to_json(const model::Command& command) {
  return stored::write(command);
}
model::Result<model::Transition> transition_from_json(const std::string& text) {
  return stored::read<model::Transition>(text, "item");
}
model::Result<model::Command> command_from_json(const std::string& text) {
  return stored::read<model::Command>(text, "item");
}

}  // namespace deadcalm::store
