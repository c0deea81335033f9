#pragma once
// What the JSON messages of the protocols have in common. Pure.
#include <boost/json/object.hpp>

#include "probes/view/websocket/protocol.h"

namespace deadcalm::probes::websocket {

// nullopt: no JSON, or no object.
std::optional<boost::json::object> object_in(std::string_view text);
Heard not_json(const std::string& protocol);

std::string text_at(const boost::json::object& message, std::string_view key);  // empty: no text there
std::optional<std::int64_t> number_at(const boost::json::object& message, std::string_view outer,
                                      std::string_view key);
boost::json::value payload_of(const boost::json::object& message);  // null: it has none

// A GraphQL result, in `payload`: a push, or a refusal where it has errors and nothing else.
Heard pushed_result(const boost::json::object& message);
// `errors`: a list of GraphQL errors, or an object with such a list. `text`: the message, for other servers.
Heard refused_by_errors(const boost::json::value& errors, std::string_view text);

std::string excerpt(std::string_view text);  // short and on one line, for people

}  // namespace deadcalm::probes::websocket
