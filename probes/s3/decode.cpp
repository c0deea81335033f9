#include "probes/s3/decode.h"

#include <algorithm>
#include <cctype>

#include "probes/aws/decode.h"
#include "probes/http/decode.h"
#include "probes/http/decode_headers.h"

namespace deadcalm::probes::s3 {
namespace {

bool is_bucket_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, [](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '.';
         });
}

// A "." or ".." between slashes is taken out of a URL on its way, and the signature would not fit.
bool has_dot_segment(const std::string& prefix) {
  const std::string path = '/' + prefix + '/';
  return path.find("/./") != std::string::npos || path.find("/../") != std::string::npos;
}

}  // namespace

S3Options decode_s3(config::Reader& reader) {
  S3Options options;
  options.bucket = reader.text("bucket");
  if (!options.bucket.empty() && !is_bucket_name(options.bucket))
    reader.fault("bucket", "not the name of a bucket", "3 to 63 of a-z, 0-9, - and ., without s3://");
  options.region = aws::decode_region(reader);
  options.endpoint = aws::decode_endpoint(reader);
  const bool elsewhere = !options.endpoint.empty();
  if (!elsewhere) options.endpoint = aws::default_endpoint({options.region, "s3"});
  options.prefix = reader.text("prefix", options.prefix);
  if (options.prefix.starts_with('/') || has_dot_segment(options.prefix))
    reader.fault("prefix", "a prefix has neither a / at its start nor a . or .. between slashes",
                 "like deadcalm/");
  // A dot in the name breaks the wildcard of the certificate.
  const bool dotted = options.bucket.find('.') != std::string::npos;
  options.path_style = reader.boolean("path_style", elsewhere || dotted);
  options.headers = http::read_headers(reader);
  options.credentials = aws::decode_credentials(reader);
  options.requests = http::decode_requests(reader);
  return options;
}

}  // namespace deadcalm::probes::s3
