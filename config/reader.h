#pragma once
// Typed access to one map of the tree. Probe types, senders and the common sections all decode with it:
//
//   Reader r(node, context);
//   options.url = r.url("url", kHttp);                      // required: missing is a fault
//   options.wait = r.duration("wait", 5s, 1s, 1min);        // default, least, most
//   options.token = r.optional_secret("token");             // "token" or "token_file"
//   if (auto expect = r.child("expect")) decode_expect(*expect);
//   r.finish();                                             // unknown keys are faults
//
// Nothing throws on user input: a faulty value adds a fault and yields the default (or an empty
// value), so that decoding goes on and all faults are found at once. A key that nobody asked for is
// a fault: finish() says so, and the destructor does if finish() was not called.
// A reader refers to its node and context; both must outlive it.
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/context.h"
#include "config/node.h"
#include "config/secret_source.h"
#include "config/template.h"
#include "config/value.h"
#include "model/names.h"
#include "model/secret.h"
#include "model/time.h"

namespace deadcalm::config {

inline constexpr std::string_view kHttp[] = {"https", "http"};
inline constexpr model::Millis kNoLeast{0};
inline constexpr model::Millis kNoMost{std::chrono::hours{24 * 36'500}};

class Reader {
 public:
  // A node that is no map is a fault; every getter then yields its default and adds nothing.
  Reader(const Node& node, Context& context);
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&&) = delete;
  ~Reader();

  Context& context() { return context_; }
  const Node& self() const { return *node_; }
  bool has(std::string_view key) const { return node_->find(key) != nullptr; }

  // Text. Without a default it is required. Empty text is a fault where it is required.
  std::string text(std::string_view key);
  std::string text(std::string_view key, std::string fallback);
  std::optional<std::string> optional_text(std::string_view key);
  std::vector<std::string> texts(std::string_view key);  // a list of texts, or one; absent: empty
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);  // in file order

  // Text with names that get their value at run time.
  Template template_text(std::string_view key, const RunTimeNames& allowed);
  std::optional<Template> optional_template(std::string_view key, const RunTimeNames& allowed);
  std::vector<std::pair<std::string, Template>> template_map(std::string_view key,
                                                             const RunTimeNames& allowed);

  // `key` or `key`_file, never both. A secret written into the file itself is a warning.
  model::Secret secret(std::string_view key);
  std::optional<model::Secret> optional_secret(std::string_view key);
  std::optional<SecretSource> secret_source(std::string_view key);  // one that can be read again

  model::Millis duration(std::string_view key, model::Millis fallback, model::Millis least = kNoLeast,
                         model::Millis most = kNoMost);
  std::optional<model::Millis> optional_duration(std::string_view key, model::Millis least = kNoLeast,
                                                 model::Millis most = kNoMost);
  std::vector<model::Millis> durations(std::string_view key, model::Millis least = kNoLeast,
                                       model::Millis most = kNoMost);  // a list, or one
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t least, std::int64_t most);
  double number(std::string_view key, double fallback, double least, double most);
  bool boolean(std::string_view key, bool fallback);

  // A word of model::Names<E>.
  template <class E>
  E choice(std::string_view key, E fallback) {
    return optional_choice<E>(key).value_or(fallback);
  }
  template <class E>
  std::optional<E> optional_choice(std::string_view key) {
    const auto index = word(key, model::Names<E>::values);
    if (!index) return std::nullopt;
    return static_cast<E>(*index);
  }
  // The index in `words`.
  std::optional<std::size_t> word(std::string_view key, std::span<const std::string_view> words);

  std::string url(std::string_view key, std::span<const std::string_view> schemes);
  std::optional<std::string> optional_url(std::string_view key, std::span<const std::string_view> schemes);
  Template url_template(std::string_view key, std::span<const std::string_view> schemes,
                        const RunTimeNames& allowed);

  std::optional<Reader> child(std::string_view key);        // a map
  std::span<const Node> list(std::string_view key);         // absent: empty
  std::span<const Node> list_or_one(std::string_view key);  // a single value counts as a list of one
  // Free-form: a JSON body, variables. Texts keep the allowed run-time names.
  std::optional<Value> value(std::string_view key, const RunTimeNames& allowed);

  const Node* node(std::string_view key);  // raw; nullptr: absent

  // Keys that another decoder of the same map reads.
  void also_known(std::initializer_list<std::string_view> keys);
  // A fault for the second of `keys` that is there, and with `needed` for none of them.
  void one_of(std::initializer_list<std::string_view> keys, bool needed);

  // A fault or warning of the caller's own: at the key's value, or at the map where it is absent.
  void fault(std::string_view key, std::string message, std::string_view hint = {});
  void warn(std::string_view key, std::string message, std::string_view hint = {});

  void finish();          // unknown keys become faults
  void leave_the_rest();  // another decoder will finish this map

 private:
  const Node* take(std::string_view key);
  void missing(std::string_view key);
  bool within(const Node& node, model::Millis value, model::Millis least, model::Millis most);
  template <class Number>
  bool number_within(const Node& node, Number value, Number least, Number most);

  const Node* node_;
  Context& context_;
  std::vector<std::string> known_;
  bool muted_ = false;  // the node is no map: already told
  bool finished_ = false;
};

}  // namespace deadcalm::config
