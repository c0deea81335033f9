#pragma once
// As much of DynamoDB and S3 as the backends use, in memory and over real HTTP, with the faults such services
// show. Signatures are not looked at: the tests with servers do that.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "server/http_server.h"

namespace deadcalm::tests {

struct AwsStandIn {
  std::map<std::string, std::string> records;  // DynamoDB: id -> token. S3: path -> body
  server::Response refusal;                    // given instead, while its status is not 200
  bool refuses_writes_only = false;
  bool garbage = false;
  bool drops = false;
  bool forgets = false;  // says yes, and keeps nothing
  std::vector<server::Request> seen;

  net::awaitable<server::Response> handle(server::Request request) {
    seen.push_back(request);
    server::Response r;
    r.drop_connection = drops;
    r.body = "<!doctype html><p>parked";
    if (drops || garbage) co_return r;
    const std::string* target = request.header("x-amz-target");
    const bool write = target != nullptr ? !target->ends_with(".GetItem") : request.method != "GET";
    if (refusal.status != 200 && (write || !refuses_writes_only)) co_return refusal;
    co_return target != nullptr ? dynamodb(*target, request.body) : s3(request);
  }

  server::Response dynamodb(const std::string& target, const std::string& text) {
    const boost::json::object body = boost::json::parse(text).as_object();
    const auto text_at = [](const boost::json::value& map, const char* key) {
      return std::string(map.at(key).at("S").as_string());
    };
    if (target.ends_with(".PutItem")) {
      const std::string id = text_at(body.at("Item"), "id");
      const std::string token = text_at(body.at("Item"), "token");
      if (records.contains(id) && records[id] != token)
        return dynamodb_error("ConditionalCheckFailedException");
      if (!forgets) records[id] = token;
      return json("{}");
    }
    if (target.ends_with(".Scan")) {
      boost::json::array items;
      for (const auto& [id, token] : records) items.push_back(item(id, token));
      return json(boost::json::serialize(boost::json::object{{"Items", items}}));
    }
    const auto it = records.find(text_at(body.at("Key"), "id"));
    if (target.ends_with(".GetItem")) {
      if (it == records.end()) return json("{}");
      return json(boost::json::serialize(boost::json::object{{"Item", item(it->first, it->second)}}));
    }
    const std::string wanted = text_at(body.at("ExpressionAttributeValues"), ":t");
    if (it == records.end() || it->second != wanted) return dynamodb_error("ConditionalCheckFailedException");
    records.erase(it);
    return json("{}");
  }

  server::Response s3(const server::Request& request) {
    server::Response r;
    const auto it = records.find(request.path);
    if (request.method == "PUT") {
      if (!forgets) records[request.path] = request.body;
    } else if (request.method == "DELETE") {
      records.erase(request.path);
      r.status = 204;
    } else if (it != records.end()) {
      r.body = it->second;
    } else if (request.query.starts_with("list-type=2")) {
      r.body = "<ListBucketResult><Name>b</Name>";
      for (const auto& [path, unused] : records)
        r.body += "<Contents><Key>" + path.substr(path.find('/', 1) + 1) + "</Key></Contents>";
      r.body += "</ListBucketResult>";
    } else {
      return s3_error(404, "NoSuchKey");
    }
    return r;
  }

  static boost::json::value item(const std::string& id, const std::string& token) {
    return boost::json::object{{"id", boost::json::object{{"S", id}}},
                               {"token", boost::json::object{{"S", token}}}};
  }
  static server::Response json(std::string body, int status = 200) {
    server::Response r;
    r.status = status;
    r.content_type = "application/x-amz-json-1.0";
    r.body = std::move(body);
    return r;
  }
  static server::Response dynamodb_error(const std::string& name, int status = 400,
                                         const std::string& message = "because") {
    return json(
        R"({"__type":"com.amazonaws.dynamodb.v20120810#)" + name + R"(","message":")" + message + "\"}",
        status);
  }
  static server::Response s3_error(int status, const std::string& code) {
    server::Response r;
    r.status = status;
    r.content_type = "application/xml";
    r.body = "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>because</Message></Error>";
    return r;
  }
};

}  // namespace deadcalm::tests
