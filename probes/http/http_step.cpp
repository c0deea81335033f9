#include "probes/http/http_step.h"

#include <boost/json/serialize.hpp>

#include "model/encoding.h"

namespace deadcalm::probes::http {
namespace {

struct ToJson {
  const Names& names;

  boost::json::value operator()(std::monostate) const { return nullptr; }
  boost::json::value operator()(bool value) const { return value; }
  boost::json::value operator()(std::int64_t value) const { return value; }
  boost::json::value operator()(double value) const { return value; }
  boost::json::value operator()(const config::Template& text) const {
    if (text.literal() == "${canary.int}") return names.canary.number();
    return boost::json::value(text.render(std::cref(names)));
  }
  boost::json::value operator()(const config::ValueList& items) const {
    boost::json::array list;
    for (const config::Value& item : items) list.push_back(std::visit(*this, item.data));
    return list;
  }
  boost::json::value operator()(const config::ValueMap& fields) const {
    boost::json::object map;
    for (const config::NamedValue& field : fields) map[field.key] = std::visit(*this, field.value.data);
    return map;
  }
};

}  // namespace

std::string Names::operator()(std::string_view name) const {
  if (name == "canary.token") return canary.token;
  if (name == "canary.id") return canary.record_id;
  if (name == "canary.uuid") return canary.uuid();
  if (name == "canary.int") return std::to_string(canary.number());
  return {};
}

std::string render_json(const config::Value& body, const Names& names) {
  return boost::json::serialize(std::visit(ToJson{names}, body.data));
}

std::optional<std::pair<std::string, std::string>> auth_header(const Auth& auth) {
  const std::string& secret = auth.secret.value.reveal();
  switch (auth.kind) {
    case Auth::Kind::none: return std::nullopt;
    case Auth::Kind::bearer: return std::pair{"Authorization", "Bearer " + secret};
    case Auth::Kind::basic:
      return std::pair{"Authorization", "Basic " + model::base64(auth.name + ':' + secret)};
    case Auth::Kind::header: return std::pair{auth.name, secret};
  }
  return std::nullopt;
}

}  // namespace deadcalm::probes::http
