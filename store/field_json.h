#pragma once
// Values as JSON text, both ways from one list of fields, so that writing and reading cannot drift apart.
// A type takes part by a function `fields(codec, value)` beside it; transition_fields.h has the model's.
// Names that are missing keep their defaults and unknown ones are ignored: an older or newer release can read
// the rows. Included by the .cpp files that store something; nothing else sees Boost.JSON.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/error.h"
#include "model/names.h"
#include "model/time.h"

namespace deadcalm::store::stored {

namespace json = boost::json;

template <class T>
concept Named = requires { model::Names<T>::values; };

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class Codec>
void fields(Codec& c, std::pair<std::string, std::string>& p) {
  c("key", p.first), c("value", p.second);
}

struct Writer {
  json::object out;

  template <class T>
  void operator()(std::string_view key, T& value) {
    if constexpr (IsOptional<T>::value) {
      if (value) out[key] = encoded(*value);
    } else {
      out[key] = encoded(value);
    }
  }

  template <class T>
  static json::value encoded(T& value) {
    if constexpr (Named<T>) {
      return json::value(model::name(value));
    } else if constexpr (std::is_same_v<T, model::WallTime>) {
      return model::unix_millis(value);
    } else if constexpr (std::is_same_v<T, model::Millis>) {
      return value.count();
    } else if constexpr (IsVector<T>::value) {
      json::array items;
      for (auto& item : value) items.push_back(encoded(item));
      return items;
    } else if constexpr (std::is_same_v<T, std::string>) {
      return json::value(value);
    } else if constexpr (std::is_class_v<T>) {
      Writer inner;
      fields(inner, value);
      return inner.out;
    } else {
      return json::value(value);
    }
  }
};

struct Reader {
  const json::object& in;
  std::string bad_key;  // first field of a wrong type

  template <class T>
  void operator()(std::string_view key, T& value) {
    const json::value* found = in.if_contains(key);
    if (found != nullptr && !decode(*found, value) && bad_key.empty()) bad_key = key;
  }

  template <class T>
  static bool decode(const json::value& found, T& value) {
    boost::system::error_code ec;
    if constexpr (IsOptional<T>::value) {
      return decode(found, value.emplace());
    } else if constexpr (Named<T>) {
      const auto* text = found.if_string();
      const auto parsed = text != nullptr ? model::from_name<T>(std::string_view(*text)) : std::nullopt;
      if (parsed) value = *parsed;
      return parsed.has_value();
    } else if constexpr (std::is_same_v<T, model::WallTime>) {
      value = model::from_unix_millis(found.to_number<std::int64_t>(ec));
      return !ec;
    } else if constexpr (std::is_same_v<T, model::Millis>) {
      value = model::Millis{found.to_number<std::int64_t>(ec)};
      return !ec;
    } else if constexpr (std::is_same_v<T, bool>) {
      if (found.is_bool()) value = found.get_bool();
      return found.is_bool();
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = found.to_number<T>(ec);
      return !ec;
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (found.is_string()) value = std::string(found.get_string());
      return found.is_string();
    } else if constexpr (IsVector<T>::value) {
      if (!found.is_array()) return false;
      value.clear();
      for (const json::value& item : found.get_array()) {
        if (!decode(item, value.emplace_back())) return false;
      }
      return true;
    } else {
      if (!found.is_object()) return false;
      Reader inner{found.get_object(), {}};
      fields(inner, value);
      return inner.bad_key.empty();
    }
  }
};

template <class T>
std::string write(const T& value) {
  T copy = value;  // the field list takes references that a reader may fill
  Writer writer;
  fields(writer, copy);
  return json::serialize(writer.out);
}

template <class T>
model::Result<T> read(const std::string& text, const char* what) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(text, ec);
  if (ec || !parsed.is_object()) {
    return model::fail(model::ErrorKind::internal, std::string("stored ") + what + " is no JSON object");
  }
  T value;
  Reader reader{parsed.get_object(), {}};
  fields(reader, value);
  if (!reader.bad_key.empty()) {
    return model::fail(model::ErrorKind::internal,
                       std::string("stored ") + what + " has a bad value for " + reader.bad_key);
  }
  return value;
}

}  // namespace deadcalm::store::stored
