#include "probes/exec/command_line.h"

#include <algorithm>

#include "config/expand.h"
#include "config/scalar.h"

namespace deadcalm::probes::exec {
namespace {

// Of our own environment: what programs need to find files and to speak. Secrets stay with us.
constexpr std::string_view kPassedOn[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"};
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string variable(const Variables& variables, std::string_view name) {
  const auto found = std::ranges::find(variables, name, &Variables::value_type::first);
  return found == variables.end() ? std::string() : found->second;
}

// As execvp looks for it; a name with a slash starts at the configuration's folder.
std::string find_program(const std::string& name, const Surroundings& surroundings,
                         const config::Context& context) {
  const auto& is_program = context.environment().is_program;
  if (!is_program) return {};
  if (name.find('/') != std::string::npos) {
    std::string path = config::resolve(name, context.base_dir());
    return is_program(path) ? path : std::string();
  }
  const std::string path = variable(surroundings.variables, "PATH");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    std::string candidate = path.substr(at, end - at) + '/' + name;
    if (candidate.starts_with('/') && is_program(candidate)) return candidate;
    at = end + 1;
  }
  return {};
}

}  // namespace

Surroundings decode_surroundings(config::Reader& reader) {
  Surroundings surroundings;
  const config::Environment& environment = reader.context().environment();
  surroundings.variables = reader.text_map("environment");
  for (const std::string_view name : kPassedOn) {
    const auto found = environment.variables.find(name);
    if (found == environment.variables.end() || !variable(surroundings.variables, name).empty()) continue;
    surroundings.variables.emplace_back(found->first, found->second);
  }
  if (variable(surroundings.variables, "PATH").empty())
    surroundings.variables.emplace_back("PATH", kDefaultPath);
  surroundings.shell = reader.boolean("shell", false);
  surroundings.max_output_bytes =
      static_cast<std::size_t>(reader.integer("max_output_bytes", 64 << 10, 1 << 10, 16 << 20));
  return surroundings;
}

std::optional<CommandLine> decode_command(config::Reader& reader, std::string_view key,
                                          const Surroundings& surroundings,
                                          const config::RunTimeNames& allowed) {
  const auto nodes = reader.list_or_one(key);
  if (nodes.empty()) return std::nullopt;
  CommandLine line;
  if (surroundings.shell) {
    if (nodes.size() != 1) {
      reader.fault(key, "with `shell: true` a command is one text", "or leave `shell:` out and give a list");
      return std::nullopt;
    }
    line.words = {config::Template("/bin/sh"), config::Template("-c")};
  } else if (nodes.size() == 1 && nodes[0].text.find(' ') != std::string::npos) {
    reader.fault(key, "a command is a list of words",
                 "like [/usr/bin/program, argument], or set `shell: true`");
    return std::nullopt;
  }
  for (const config::Node& node : nodes) {
    const auto word =
        read_template(node, surroundings.shell ? config::no_names() : allowed, reader.context());
    if (!word) return std::nullopt;
    line.words.push_back(*word);
  }
  if (surroundings.shell) return line;
  const std::string name = line.words.front().literal();
  const std::string path = find_program(name, surroundings, reader.context());
  if (path.empty()) {
    const bool searched = name.find('/') == std::string::npos;
    std::string message = "there is no program " + name;
    if (searched) message += " in PATH";
    reader.fault(key, std::move(message), "install it, or give its whole path; it must be executable");
    return std::nullopt;
  }
  line.words.front() = config::Template(path);
  return line;
}

runtime::CommandRequest request_of(const CommandLine& command, const Surroundings& surroundings,
                                   const Variables& variables,
                                   const std::function<std::string(std::string_view)>& names) {
  runtime::CommandRequest request;
  request.max_output_bytes = surroundings.max_output_bytes;
  for (const config::Template& word : command.words) request.words.push_back(word.render(names));
  for (const Variables* some : {&surroundings.variables, &variables}) {
    for (const auto& [name, value] : *some) {
      std::string& line = request.environment.emplace_back(name);
      line += '=';
      line += value;
    }
  }
  return request;
}

std::string in_words(const CommandLine& line) {
  std::string text;
  for (const config::Template& word : line.words) {
    std::string shown = word.literal();
    if (shown.empty() || shown.find(' ') != std::string::npos) shown = '\'' + shown + '\'';
    text += (text.empty() ? "" : " ") + shown;
  }
  return text;
}

}  // namespace deadcalm::probes::exec
