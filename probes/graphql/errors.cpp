#include "probes/graphql/errors.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace deadcalm::probes::graphql {
namespace {

namespace json = boost::json;
using model::Write;
using Kind = Refusal::Kind;

struct Meaning {
  Write failure = Write::server;
  bool container_gone = false;
  Kind kind = Kind::failed;
};

constexpr Meaning kAuth{Write::auth};
constexpr Meaning kThrottle{Write::throttle};
constexpr Meaning kContract{Write::contract};
constexpr Meaning kReadOnly{Write::read_only};
constexpr Meaning kGone{Write::server, true};
constexpr Meaning kAbsent{Write::contract, false, Kind::absent};
constexpr Meaning kConflict{Write::contract, false, Kind::conflict};

struct Row {
  std::string_view word;
  Meaning meaning;
};

// Words of errorType, extensions.code and extensions.classification, compared without case, '_', '-', ':'.
constexpr Row kWords[] = {
    {"unauthorized", kAuth},  // AppSync, Spring
    {"unauthorizedexception", kAuth},
    {"unauthenticated", kAuth},  // Apollo
    {"forbidden", kAuth},
    {"accessdenied", kAuth},  // Hasura
    {"accessdeniedexception", kAuth},
    {"invalidjwt", kAuth},
    {"jwtinvalidclaims", kAuth},
    {"unrecognizedclientexception", kAuth},
    {"expiredtokenexception", kAuth},
    {"invalidsignatureexception", kAuth},
    {"28000", kAuth},  // SQLSTATEs, as PostGraphile passes them on
    {"42501", kAuth},
    {"throttling", kThrottle},
    {"throttled", kThrottle},  // Shopify
    {"throttlingexception", kThrottle},
    {"toomanyrequests", kThrottle},
    {"toomanyrequestsexception", kThrottle},
    {"limitexceededexception", kThrottle},
    {"ratelimited", kThrottle},
    {"ratelimitexceeded", kThrottle},
    {"dynamodbprovisionedthroughputexceededexception", kThrottle},
    {"dynamodbthrottlingexception", kThrottle},
    {"dynamodbrequestlimitexceeded", kThrottle},
    {"dynamodbresourcenotfoundexception", kGone},
    {"42p01", kGone},
    {"25006", kReadOnly},
    {"notfound", kAbsent},
    {"conflictunhandled", kConflict},  // AppSync, versioned models
    {"conditionalcheckfailedexception", kConflict},
    {"dynamodbconditionalcheckfailedexception", kConflict},
    {"baduserinput", kContract},  // Apollo
    {"badrequest", kContract},
    {"badrequestexception", kContract},
    {"graphqlparsefailed", kContract},
    {"graphqlvalidationfailed", kContract},
    {"operationresolutionfailure", kContract},
    {"persistedquerynotfound", kContract},
    {"validationerror", kContract},  // AppSync
    {"validationfailed", kContract},
    {"malformedhttprequestexception", kContract},
    {"dynamodbvalidationexception", kContract},
    {"constraintviolation", kContract},
};

// Parts of a message in lower case; first match wins.
constexpr Row kMessages[] = {
    {"not authorized", kAuth},
    {"unauthorized", kAuth},
    {"not authenticated", kAuth},
    {"unauthenticated", kAuth},
    {"permission denied", kAuth},
    {"access denied", kAuth},
    {"forbidden", kAuth},
    {"jwt expired", kAuth},
    {"too many requests", kThrottle},
    {"rate limit", kThrottle},
    {"throttl", kThrottle},
    {"read-only transaction", kReadOnly},
    {"cannot query field", kContract},
    {"unknown argument", kContract},
    {"unknown type", kContract},
    {"syntax error", kContract},
    {"got invalid value", kContract},
    {"of required type", kContract},
    {"must provide query", kContract},
};

std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) out += static_cast<char>(std::tolower(byte));
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string text_at(const json::value* object, std::string_view key) {
  const auto* map = object != nullptr ? object->if_object() : nullptr;
  const json::value* value = map != nullptr ? map->if_contains(key) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

struct Reading {
  std::optional<Meaning> meaning;
  std::string word, message;
};

Reading read(const json::value& error) {
  Reading out;
  out.message = text_at(&error, "message");
  const json::value* extensions = error.is_object() ? error.get_object().if_contains("extensions") : nullptr;
  const std::string words[] = {text_at(&error, "errorType"), text_at(extensions, "code"),
                               text_at(extensions, "errorType"), text_at(extensions, "classification"),
                               text_at(&error, "errcode")};
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (out.word.empty()) out.word = word;
    const auto row = std::ranges::find(kWords, squeezed(word), &Row::word);
    if (row == std::end(kWords)) continue;
    out.word = word;
    out.meaning = row->meaning;
    return out;
  }
  const std::string message = lower(out.message);
  const auto row = std::ranges::find_if(
      kMessages, [&](const Row& r) { return message.find(r.word) != std::string::npos; });
  if (row != std::end(kMessages)) out.meaning = row->meaning;
  return out;
}

int gravity(const std::optional<Meaning>& meaning) {
  if (!meaning) return 1;
  if (meaning->container_gone) return 6;
  switch (meaning->failure) {
    case Write::auth: return 5;
    case Write::throttle: return 4;
    case Write::read_only: return 3;
    default: return 2;
  }
}

std::string spelled(const Reading& reading) {
  std::string text = "GraphQL error";
  if (!reading.word.empty()) text += ' ' + reading.word;
  std::string message = reading.message.substr(0, 160);
  if (message.size() < reading.message.size()) message += "...";
  std::ranges::replace_if(message, [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return message.empty() ? text : text + ": " + message;
}

// Validation comes before execution, and an answer to what was not executed has no `data` (GraphQL §7.1).
bool was_executed(const json::value& document) {
  return document.get_object().contains("data");
}

}  // namespace

std::optional<Refusal> refusal_in(const json::value& document) {
  const auto* map = document.if_object();
  const json::value* errors = map != nullptr ? map->if_contains("errors") : nullptr;
  const auto* list = errors != nullptr ? errors->if_array() : nullptr;
  if (list == nullptr || list->empty()) return std::nullopt;
  Reading worst = read(list->front());
  for (const json::value& error : *list) {
    Reading next = read(error);
    if (gravity(next.meaning) > gravity(worst.meaning)) worst = std::move(next);
  }
  const Meaning meaning = worst.meaning.value_or(Meaning{});
  Refusal refusal;
  refusal.kind = meaning.kind;
  refusal.known = worst.meaning.has_value();
  refusal.failure.failure = meaning.failure;
  refusal.failure.container_gone = meaning.container_gone;
  refusal.failure.detail = spelled(worst);
  const bool turned_away = meaning.failure == Write::auth || meaning.failure == Write::throttle ||
                           meaning.failure == Write::read_only || meaning.container_gone ||
                           meaning.kind == Kind::absent;
  refusal.failure.maybe_done = !turned_away && was_executed(document);
  return refusal;
}

}  // namespace deadcalm::probes::graphql
