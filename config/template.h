#pragma once
// A text with names that get their values at run time: "PUT /canaries/${canary.id}".
// Environment and files are filled in when the configuration is loaded; what is left here is known
// only in the middle of a probe's cycle.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deadcalm::config {

// Which run-time names a field allows. A word ending in ".*" allows any name behind the dot.
struct RunTimeNames {
  std::vector<std::string> words;
  bool allow(std::string_view name) const;
};

RunTimeNames no_names();
RunTimeNames canary_names();   // canary.token, canary.id, canary.uuid, canary.int
RunTimeNames traffic_names();  // window, since

// Is `name` one of any of the sets above, allowed here or not?
bool is_run_time_name(std::string_view name);

class Template {
 public:
  Template() = default;
  explicit Template(std::string literal);

  void add_text(std::string_view text);
  void add_name(std::string name);

  bool empty() const { return parts_.empty(); }
  bool is_literal() const;                 // no names: render() always gives the same
  std::vector<std::string> names() const;  // in order, with repeats

  // `value` gives the text for a name; it is put in as it is (the caller quotes for JSON, URL, SQL).
  std::string render(const std::function<std::string(std::string_view name)>& value) const;
  std::string literal() const;  // names shown as ${name}

  friend bool operator==(const Template&, const Template&) = default;

 private:
  struct Part {
    bool is_name = false;
    std::string text;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts_;
};

}  // namespace deadcalm::config
