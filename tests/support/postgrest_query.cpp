#include "tests/support/postgrest_query.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <sstream>

namespace deadcalm::tests {
namespace {

namespace json = boost::json;

std::string quoted(const std::string& name) {
  return '"' + name + '"';
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) parts.push_back(part);
  return parts;
}

std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Builder {
  PostgrestQuery query;
  std::string where, limit, returned;

  std::string value(std::string text) {
    query.values.push_back(std::move(text));
    return '$' + std::to_string(query.values.size());
  }

  // "canary_id=eq.x", "token=like.dc1.*", "select=a,b", "limit=0"; the error: what is not understood.
  std::string take(const std::string& part) {
    const std::size_t equals = part.find('=');
    const std::string name = decoded(part.substr(0, equals));
    std::string operand = equals == std::string::npos ? "" : decoded(part.substr(equals + 1));
    if (name == "select") {
      query.columns = split(operand, ',');
    } else if (name == "limit") {
      limit = " limit " + std::to_string(std::stoi(operand));
    } else if (operand.starts_with("eq.")) {
      where += (where.empty() ? " where " : " and ") + quoted(name) + " = " + value(operand.substr(3));
    } else if (operand.starts_with("like.")) {
      for (char& c : operand) c = c == '*' ? '%' : c;
      where += (where.empty() ? " where " : " and ") + quoted(name) + " like " + value(operand.substr(5));
    } else {
      return "failed to parse filter (" + operand + ')';
    }
    return {};
  }
};

}  // namespace

std::expected<PostgrestQuery, std::string> parse_postgrest(const server::Request& request) {
  Builder builder;
  const std::string* profile = request.header(request.method == "GET" ? "accept-profile" : "content-profile");
  const std::string table = decoded(request.path.substr(std::string("/rest/v1/").size()));
  builder.query.table = quoted(profile != nullptr ? *profile : "public") + '.' + quoted(table);
  for (const std::string& part : split(request.query, '&')) {
    if (auto wrong = builder.take(part); !wrong.empty()) return std::unexpected(wrong);
  }
  for (const std::string& column : builder.query.columns)
    builder.returned += (builder.returned.empty() ? "" : ", ") + quoted(column);
  const std::string* prefer = request.header("prefer");
  const bool represented = prefer != nullptr && *prefer == "return=representation";
  std::string& sql = builder.query.sql;
  if (request.method == "GET") {
    sql = "select " + builder.returned + " from " + builder.query.table + builder.where + builder.limit;
    return builder.query;
  }
  if (!represented) return std::unexpected("this stand-in wants return=representation");
  if (request.method == "DELETE") {
    sql = "delete from " + builder.query.table + builder.where;
  } else {
    const json::object row = json::parse(request.body).as_object();
    std::string columns;
    std::string values;
    for (const auto& field : row) {
      columns += (columns.empty() ? "" : ", ") + quoted(std::string(field.key()));
      values += (values.empty() ? "" : ", ") + builder.value(std::string(field.value().as_string()));
    }
    sql = "insert into " + builder.query.table + " (" + columns + ") values (" + values + ')';
  }
  sql += " returning " + builder.returned;
  return builder.query;
}

int postgrest_status(const std::string& sqlstate, bool signed_in) {
  struct Row {
    const char* prefix;
    int status;
  };
  constexpr Row rows[] = {{"08", 503},    {"23503", 409}, {"23505", 409}, {"25006", 405}, {"25", 500},
                          {"28", 403},    {"40", 500},    {"53400", 500}, {"53", 503},    {"54", 500},
                          {"55", 500},    {"57", 500},    {"58", 500},    {"P0001", 400}, {"P0", 500},
                          {"42883", 404}, {"42P01", 404}, {"42P17", 500}, {"XX", 500}};
  if (sqlstate == "42501") return signed_in ? 403 : 401;
  for (const Row& row : rows) {
    if (sqlstate.starts_with(row.prefix)) return row.status;
  }
  return 400;
}

}  // namespace deadcalm::tests
