#include "probes/s3/errors.h"

#include "probes/aws/errors.h"
#include "probes/http/classify.h"

namespace deadcalm::probes::s3 {
namespace {

using model::Write;

constexpr aws::ErrorRow kErrors[] = {
    {"NoSuchBucket", Write::server, true},
    {"SlowDown", Write::throttle},
    {"SlowDownRead", Write::throttle},   // MinIO's two
    {"SlowDownWrite", Write::throttle},  //
    {"BandwidthLimitExceeded", Write::throttle},
    {"TooManyRequests", Write::throttle},
    {"AccountProblem", Write::auth},
    {"AllAccessDisabled", Write::auth},
    {"InvalidPayer", Write::auth},
    {"InvalidSecurity", Write::auth},
    {"NotSignedUp", Write::auth},
    {"TokenRefreshRequired", Write::auth},
    {"InternalError", Write::server},
    {"OperationAborted", Write::server},
    {"RequestTimeout", Write::server},
    {"QuotaExceeded", Write::server},
    {"XMinioStorageFull", Write::server},
    {"AuthorizationHeaderMalformed", Write::contract},  // as a rule the region is another
    {"PermanentRedirect", Write::contract},             //
    {"TemporaryRedirect", Write::server},               // a bucket made just now
    {"InvalidBucketName", Write::contract},
    {"KMS.DisabledException", Write::server},
};

std::string unescaped(std::string_view text) {
  constexpr std::pair<std::string_view, char> entities[] = {{"&amp;", '&'},  {"&lt;", '<'},    {"&gt;", '>'},
                                                            {"&quot;", '"'}, {"&apos;", '\''}, {"&#34;", '"'},
                                                            {"&#39;", '\''}};
  std::string out;
  while (!text.empty()) {
    std::size_t taken = 1;
    char c = text.front();
    for (const auto& [entity, letter] : entities) {
      if (!text.starts_with(entity)) continue;
      taken = entity.size();
      c = letter;
    }
    out += c;
    text.remove_prefix(taken);
  }
  return out;
}

std::string first_of(std::string_view xml, std::string_view name) {
  const auto texts = texts_of(xml, name);
  return texts.empty() ? std::string() : texts.front();
}

}  // namespace

std::vector<std::string> texts_of(std::string_view xml, std::string_view name) {
  const std::string open = '<' + std::string(name) + '>';
  const std::string close = "</" + std::string(name) + '>';
  std::vector<std::string> found;
  for (std::size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at)) {
    at += open.size();
    const std::size_t end = xml.find(close, at);
    if (end == std::string_view::npos) break;
    found.push_back(unescaped(xml.substr(at, end - at)));
  }
  return found;
}

std::string error_name(const runtime::HttpAnswer& answer) {
  return first_of(answer.body, "Code");
}

StepFailure classify(const runtime::HttpAnswer& answer) {
  const std::string name = error_name(answer);
  if (name.empty()) return http::classify_status(answer, false);  // a proxy, or no S3 at all
  StepFailure failure = aws::classify_error(name, first_of(answer.body, "Message"), answer.status, kErrors);
  const std::string* header = answer.header("x-amz-bucket-region");
  const std::string region = header != nullptr ? *header : first_of(answer.body, "Region");
  if (failure.failure == Write::contract && !region.empty())
    failure.detail += " (the bucket is in region " + region + ')';
  return failure;
}

}  // namespace deadcalm::probes::s3
