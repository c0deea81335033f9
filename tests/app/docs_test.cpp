// The papers agree with the program: every YAML block loads, every command and metric that
// docs/configuration.md lists exists, none is missing, and the image is built from the same packages.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "app/cli.h"
#include "app/configured.h"

using namespace deadcalm;

namespace {

namespace fs = std::filesystem;
using Words = std::set<std::string>;

const fs::path kRoot = DEADCALM_SOURCE_DIR;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<fs::path> files_in(const char* folder, const char* extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  return files;
}

std::vector<fs::path> papers() {
  std::vector<fs::path> files = files_in("docs", ".md");
  for (const char* name : {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"})
    files.push_back(kRoot / name);
  return files;
}

// The machine on which the papers' configurations are read: every secret file is there.
config::Environment surroundings() {
  config::Environment here;
  here.variables = {{"ORDERS_CANARY_KEY", "canary-key-of-the-docs"},
                    {"SLACK_WEBHOOK", "https://hooks.example.com/services/T0/B0/X0"},
                    {"DEADMAN_ID", "1b4e28ba-2fa1"}};
  here.is_program = [](const std::string& path) { return path.starts_with("/usr/"); };
  here.read_file = [](const std::string& path) -> model::Result<std::string> {
    if (path.ends_with("dsn") || path.ends_with("_ro")) return "postgresql://u:p4ss@db.example.com/shop";
    if (path.ends_with("_hook")) return "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    return "0123456789abcdef0123456789abcdef";
  };
  return here;
}

struct Block {
  std::string name;  // file:line
  std::string text;
};

std::vector<Block> yaml_blocks(const fs::path& file) {
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (const std::string& line : lines_of(text_of(file))) {
    ++number;
    if (line == "```yaml") {
      inside = true;
      blocks.push_back({fs::relative(file, kRoot).string() + ':' + std::to_string(number), ""});
    } else if (line.starts_with("```")) {
      inside = false;
    } else if (inside) {
      blocks.back().text += line + '\n';
    }
  }
  return blocks;
}

// "# fragment: write" -> "write"; empty for a whole configuration.
std::string place_of(const std::string& block) {
  constexpr std::string_view marker = "# fragment: ";
  if (!block.starts_with(marker)) return {};
  return block.substr(marker.size(), block.find('\n') - marker.size());
}

std::string indented(const std::string& text, const std::string& by) {
  std::string out;
  for (const std::string& line : lines_of(text)) out += by + line + '\n';
  return out;
}

bool has_section(const std::string& text, const std::string& key) {
  return text.starts_with(key + ':') || text.find('\n' + key + ':') != std::string::npos;
}

// A fragment, put into the least configuration that its place needs.
std::string whole(const std::string& place, std::string text) {
  const std::string written =
      "    write: { type: http, resource: \"https://api.example.com/c\", json: { t: \"${canary.token}\" } "
      "}\n";
  if (place == "write" || place == "view" || place == "check" || place == "traffic") {
    text = "services:\n  - name: orders\n" + (place == "write" ? "" : written) + "    " + place + ":\n" +
           indented(text, "      ");
  } else {
    REQUIRE(place == "top");
  }
  if (!has_section(text, "services")) text += "services:\n  - name: orders\n" + written;
  if (!has_section(text, "defaults")) text += "defaults: { page: [terminal] }\n";
  if (!has_section(text, "channels")) text += "channels: [ { name: terminal, type: console } ]\n";
  return text;
}

std::string faults_of(const std::string& text, const std::string& name) {
  const auto configured = app::configure_text(text, name, surroundings());
  return configured->ok() ? "" : configured->loaded.faults.text();
}

std::string help(std::vector<std::string> words) {
  words.insert(words.begin(), "deadcalm");
  words.emplace_back("--help");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  std::ostringstream shown;
  std::streambuf* before = std::cout.rdbuf(shown.rdbuf());
  const int code = app::run_command_line(static_cast<int>(arguments.size()), arguments.data());
  std::cout.rdbuf(before);
  CHECK(code == 0);
  return shown.str();
}

// The names under "Subcommands:", with those of groups spelled out: "maintenance start".
Words commands_in_help(const std::vector<std::string>& group = {}) {
  Words commands;
  bool listed = false;
  for (const std::string& line : lines_of(help(group))) {
    if (line == "Subcommands:") {
      listed = true;
    } else if (listed && line.starts_with("  ") && line.size() > 2 && line[2] != ' ') {
      const std::string name = line.substr(2, line.find(' ', 2) - 2);
      if (group.empty() && line.ends_with(" " + name + " commands")) {
        for (const std::string& inner : commands_in_help({name})) commands.insert(name + ' ' + inner);
      } else {
        commands.insert(name);
      }
    }
  }
  return commands;
}

// First cells of a table of docs/configuration.md, as they stand between backquotes.
std::vector<std::string> first_cells(const std::string& header) {
  std::vector<std::string> cells;
  bool inside = false;
  for (const std::string& line : lines_of(text_of(kRoot / "docs/configuration.md"))) {
    if (line.starts_with("| " + header + " |")) inside = true;
    if (!line.starts_with('|')) inside = false;
    if (inside && line.starts_with("| `")) cells.push_back(line.substr(3, line.find('`', 3) - 3));
  }
  return cells;
}

// The words of a command before its arguments: "maintenance start SERVICE" -> "maintenance start".
std::string command_words(const std::string& usage) {
  std::istringstream in(usage);
  std::string words;
  for (std::string word; in >> word;) {
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos) break;
    if (word.starts_with('-')) break;
    words += (words.empty() ? "" : " ") + word;
  }
  return words;
}

// Every name in `text` that begins with `prefix` and is written as metrics are.
Words metrics_in(const std::string& text, const std::string& prefix) {
  Words names;
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at + prefix.size());
    names.insert("deadcalm_" + text.substr(at + prefix.size(), end - at - prefix.size()));
  }
  names.erase("deadcalm_");  // the prefix alone, in a sentence
  return names;
}

Words exported_metrics() {
  Words names;
  for (const fs::path& file : files_in("exporter", ".cpp")) {
    names.merge(metrics_in(text_of(file), "\"deadcalm_"));
  }
  return names;
}

// Where "[text](target)" points to, addresses left out and anchors cut off.
std::vector<std::string> links_in(const std::string& text) {
  std::vector<std::string> links;
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    const std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
    if (target.starts_with("http")) continue;
    links.push_back(target.substr(0, target.find('#')));
  }
  return links;
}

Words packages_between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  REQUIRE(begin != std::string::npos);
  const std::size_t end = text.find(to, begin + from.size());
  REQUIRE(end != std::string::npos);
  Words packages;
  for (const std::string& line : lines_of(text.substr(begin + from.size(), end - begin - from.size()))) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      if (word != "\\") packages.insert(word);
    }
  }
  return packages;
}

}  // namespace

TEST_CASE("every YAML block of the papers loads") {
  int checked = 0;
  for (const fs::path& file : papers()) {
    for (const Block& block : yaml_blocks(file)) {
      const std::string place = place_of(block.text);
      if (place == "prometheus") continue;  // its metrics are checked below
      INFO(block.name);
      CHECK(faults_of(place.empty() ? block.text : whole(place, block.text), block.name) == "");
      ++checked;
    }
  }
  CHECK(checked > 10);  // an empty scan would prove nothing
}

TEST_CASE("every example configuration loads") {
  const auto examples = files_in("config/examples", ".yaml");
  CHECK(examples.size() >= 3);
  for (const fs::path& example : examples) {
    INFO(example);
    CHECK(faults_of(text_of(example), example.string()) == "");
  }
}

TEST_CASE("the configuration to copy in the README is the example") {
  const auto blocks = yaml_blocks(kRoot / "README.md");
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].text == text_of(kRoot / "config/examples/rest-behind-cdn.yaml"));
}

TEST_CASE("the commands of the papers are those of the program") {
  Words documented;
  for (const std::string& usage : first_cells("command")) documented.insert(command_words(usage));
  CHECK(documented.size() > 10);
  CHECK(documented == commands_in_help());
}

TEST_CASE("the metrics of the papers are those of the exporter") {
  const Words exported = exported_metrics();
  Words documented;
  for (const std::string& name : first_cells("metric")) documented.insert(name);
  CHECK(documented.size() > 20);
  CHECK(documented == exported);
}

TEST_CASE("alert rules and scrape settings of the papers name metrics that exist") {
  const Words exported = exported_metrics();
  int rules = 0;
  for (const fs::path& file : papers()) {
    for (const Block& block : yaml_blocks(file)) {
      if (place_of(block.text) != "prometheus") continue;
      for (const std::string& name : metrics_in(block.text, "deadcalm_")) {
        INFO(block.name);
        CHECK(exported.contains(name));
        ++rules;
      }
    }
  }
  CHECK(rules >= 5);
}

TEST_CASE("links between the papers lead somewhere") {
  int followed = 0;
  for (const fs::path& file : papers()) {
    for (const std::string& link : links_in(text_of(file))) {
      INFO(file << " -> " << link);
      CHECK((link.empty() || fs::exists(file.parent_path() / link)));
      ++followed;
    }
  }
  CHECK(followed > 20);
}

TEST_CASE("the image is built from the packages that ./run installs") {
  const Words image = packages_between(text_of(kRoot / "Dockerfile"), "--no-install-recommends", "&&");
  const Words scripts = packages_between(text_of(kRoot / "packaging/packages.sh"), "build_packages=(", ")");
  CHECK(image.size() > 10);
  CHECK(image == scripts);
}
