#include "probes/dynamodb/errors.h"

#include <boost/json/parse.hpp>

#include "probes/aws/errors.h"

namespace deadcalm::probes::dynamodb {
namespace {

using model::Write;

constexpr aws::ErrorRow kErrors[] = {
    {"ResourceNotFoundException", Write::server, true},
    {"ResourceInUseException", Write::server},        // the table is being made or changed
    {"TableNotFoundException", Write::server, true},  //
    {"ProvisionedThroughputExceededException", Write::throttle},
    {"LimitExceededException", Write::throttle},
    {"ItemCollectionSizeLimitExceededException", Write::server},  // the partition is full
    {"ConditionalCheckFailedException", Write::contract},
    {"TransactionConflictException", Write::server},
    {"ReplicatedWriteConflictException", Write::server},
    {"SerializationException", Write::contract},
};

std::string text_at(const boost::json::value& document, std::string_view key) {
  const auto* object = document.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

}  // namespace

std::string error_name(const runtime::HttpAnswer& answer) {
  boost::system::error_code ec;
  const boost::json::value document = boost::json::parse(answer.body, ec);
  const std::string type = ec ? std::string() : text_at(document, "__type");
  return type.substr(type.find('#') + 1);
}

StepFailure classify(const runtime::HttpAnswer& answer) {
  boost::system::error_code ec;
  const boost::json::value document = boost::json::parse(answer.body, ec);
  std::string message = ec ? std::string() : text_at(document, "message");
  if (message.empty() && !ec) message = text_at(document, "Message");
  return aws::classify_error(error_name(answer), message, answer.status, kErrors);
}

}  // namespace deadcalm::probes::dynamodb
