#include "config/expand.h"

#include <algorithm>
#include <filesystem>

#include "config/faults.h"

namespace deadcalm::config {
namespace {

constexpr auto kNone = std::string_view::npos;

// Names as shells allow them. Lower case too: some systems set such variables.
bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

class Expansion {
 public:
  Expansion(const RunTimeNames& allowed, const Environment& environment, const std::string& base_dir)
      : allowed_(allowed), environment_(environment), base_dir_(base_dir) {}

  Expanded run(std::string_view text) {
    while (!text.empty()) {
      const std::size_t dollar = text.find('$');
      result_.text.add_text(text.substr(0, dollar));
      if (dollar == kNone) break;
      text.remove_prefix(dollar + 1);
      if (text.starts_with('{')) {
        const std::size_t end = text.find('}');
        if (end == kNone) {
          problem("${ is never closed", "write $${ for a plain ${");
          break;
        }
        reference(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
      } else {
        result_.text.add_text("$");
        if (text.starts_with('$')) text.remove_prefix(1);
      }
    }
    return std::move(result_);
  }

 private:
  void reference(std::string_view name) {
    if (allowed_.allow(name)) {
      result_.text.add_name(std::string(name));
    } else if (name.starts_with("file:")) {
      file(std::string(name.substr(5)));
    } else if (name.find('.') != kNone || is_run_time_name(name)) {
      unknown_run_time_name(name);
    } else if (is_variable_name(name)) {
      variable(std::string(name));
    } else if (name.empty()) {
      problem("${} names nothing", "write $${ for a plain ${");
    } else {
      problem(quoted(name) + " is no name of a variable",
              "${NAME}, ${file:/path} and run-time names are known; write $${ for a plain ${");
    }
  }

  void variable(const std::string& name) {
    const auto found = environment_.variables.find(name);
    if (found != environment_.variables.end()) {
      fetched(found->second);
      return;
    }
    std::vector<std::string> near = allowed_.words;
    for (const auto& [known, value] : environment_.variables) near.push_back(known);
    problem("environment variable " + name + " is not set", did_you_mean(name, near));
  }

  void file(const std::string& name) {
    if (name.empty()) {
      problem("${file:} names no file", "write ${file:/run/secrets/name}");
      return;
    }
    auto text = read_secret_file(resolve(name, base_dir_), environment_);
    if (text) {
      fetched(*std::move(text));
    } else {
      problem("cannot read " + name + ": " + text.error().message, {});
    }
  }

  void unknown_run_time_name(std::string_view name) {
    if (std::string hint = did_you_mean(name, allowed_.words); !hint.empty()) {
      problem(quoted(name) + " is unknown", std::move(hint));
    } else if (is_run_time_name(name)) {
      problem(quoted(name) + " is not available here", known_here());
    } else {
      problem(quoted(name) + " is unknown", known_here());
    }
  }

  std::string known_here() const {
    std::string text;
    for (const std::string& word : allowed_.words)
      text += (text.empty() ? "known here: ${" : ", ${") + word + '}';
    return text;
  }

  static std::string quoted(std::string_view name) { return "${" + std::string(name) + '}'; }

  void fetched(std::string value) {
    result_.text.add_text(value);
    result_.fetched.push_back(std::move(value));
  }

  void problem(std::string message, std::string hint) {
    result_.problems.push_back({std::move(message), std::move(hint)});
  }

  const RunTimeNames& allowed_;
  const Environment& environment_;
  const std::string& base_dir_;
  Expanded result_;
};

}  // namespace

Expanded expand(std::string_view text, const RunTimeNames& allowed, const Environment& environment,
                const std::string& base_dir) {
  return Expansion(allowed, environment, base_dir).run(text);
}

bool has_reference(std::string_view text) {
  return !references(text).empty();
}

std::vector<std::string_view> references(std::string_view text) {
  std::vector<std::string_view> names;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (text[at] != '$') continue;
    if (text[at + 1] == '{') names.push_back(text.substr(at + 2, text.substr(at + 2).find('}')));
    if (text[at + 1] == '$') ++at;  // $${ refers to nothing
  }
  return names;
}

std::string resolve(const std::string& file, const std::string& base_dir) {
  return (std::filesystem::path(base_dir) / file).lexically_normal().string();
}

model::Result<std::string> read_secret_file(const std::string& path, const Environment& environment) {
  if (!environment.read_file) return model::fail(model::ErrorKind::not_found, "there are no files here");
  auto text = environment.read_file(path);
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

}  // namespace deadcalm::config
