#pragma once
// Numbers as sources write them. Pure; an error says what is wrong with it, for people.
#include <boost/json/value.hpp>
#include <string_view>

#include "probes/traffic/count_source.h"

namespace deadcalm::probes::traffic {

// "12", "12.5", "1e3". NaN, infinity, a negative number and anything else are no counts.
Counted count_in_text(std::string_view text);

// A JSON number. Text is refused even when it looks like one: it may be a label that happens to.
Counted count_in_json(const boost::json::value& value);

}  // namespace deadcalm::probes::traffic
