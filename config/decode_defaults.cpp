#include "config/decode.h"
#include "model/duration.h"

namespace deadcalm::config {

DefaultsOptions decode_defaults(Reader& root, Addressees& known) {
  DefaultsOptions defaults;
  auto reader = root.child("defaults");
  if (!reader) return defaults;
  defaults.page = read_route(*reader, "page", known);
  defaults.notify = read_channels(*reader, "notify", known);
  defaults.owner = read_route(*reader, "owner", known);
  defaults.policy = decode_policy(*reader, defaults.policy);
  defaults.interval =
      reader->duration("interval", defaults.interval, model::Millis{100}, std::chrono::hours{24});
  defaults.timeout = reader->duration("timeout", defaults.timeout, model::Millis{10}, std::chrono::hours{1});
  if (defaults.timeout >= defaults.interval) {
    reader->fault(reader->has("timeout") ? "timeout" : "interval",
                  "the timeout (" + model::to_text(defaults.timeout) +
                      ") must be shorter than the interval (" + model::to_text(defaults.interval) + ')');
  }
  return defaults;
}

}  // namespace deadcalm::config
