#pragma once
// A command as configured: a list of words, or with `shell: true` one text for /bin/sh.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/reader.h"
#include "config/template.h"
#include "runtime/command.h"

namespace deadcalm::probes::exec {

using Variables = std::vector<std::pair<std::string, std::string>>;

struct CommandLine {
  std::vector<config::Template> words;  // the first one is the program's path
};

// What all commands of one probe share.
struct Surroundings {
  bool shell = false;
  Variables variables;  // PATH, HOME and a few more of ours, then the configured ones
  std::size_t max_output_bytes = 64 << 10;
};

// `shell`, `environment` and `max_output_bytes`.
Surroundings decode_surroundings(config::Reader& reader);

// Its key `key`. A program that is not there is a fault: told when the file is read, not at the first look.
// nullopt: absent, or faulty. Words may name `allowed`; a shell's text may not, since a value could be read
// as a command there.
std::optional<CommandLine> decode_command(config::Reader& reader, std::string_view key,
                                          const Surroundings& surroundings,
                                          const config::RunTimeNames& allowed);

// `variables` are added to those of the surroundings.
runtime::CommandRequest request_of(const CommandLine& command, const Surroundings& surroundings,
                                   const Variables& variables,
                                   const std::function<std::string(std::string_view)>& names);

// As one would type it, for people.
std::string in_words(const CommandLine& line);

}  // namespace deadcalm::probes::exec
