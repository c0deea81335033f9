#include "probes/postgres/sql_scan.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace deadcalm::probes::postgres {
namespace {

bool starts_word(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool in_word(char c) {
  return starts_word(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '$';
}

struct Scanner {
  std::string_view text;
  SqlScan scan{};
  std::size_t at = 0;
  int depth = 0;
  bool ended = false;  // a semicolon was seen

  char peek(std::size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }

  void add(std::string word) {
    if (ended) scan.several_commands = true;
    scan.words.push_back({std::move(word), depth});
  }

  void skip_to(std::size_t end) {
    const std::string_view skipped = text.substr(at, end - at);
    if (skipped.find(kValueMark) != std::string_view::npos) scan.value_in_quotes = true;
    at = end;
  }

  // 'it''s', E'it\'s', "a ""name"""
  std::size_t end_of_quote(char quote, bool escapes) {
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (escapes && text[i] == '\\') {
        ++i;
      } else if (text[i] == quote) {
        if (i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
        ++i;
      }
    }
    scan.unfinished = true;
    return text.size();
  }

  std::size_t end_of(std::string_view closing, std::size_t from) {
    const std::size_t end = text.find(closing, from);
    if (end != std::string_view::npos) return end + closing.size();
    scan.unfinished = true;
    return text.size();
  }

  // Comments nest in PostgreSQL.
  std::size_t end_of_comment() {
    int open = 0;
    for (std::size_t i = at; i + 1 < text.size(); ++i) {
      if (text[i] == '/' && text[i + 1] == '*') {
        ++open;
        ++i;
      } else if (text[i] == '*' && text[i + 1] == '/') {
        ++i;
        if (--open == 0) return i + 1;
      }
    }
    scan.unfinished = true;
    return text.size();
  }

  // $1, $$...$$, $tag$...$tag$
  void dollar() {
    if (std::isdigit(static_cast<unsigned char>(peek(1))) != 0) {
      scan.own_parameter = true;
      ++at;
      return;
    }
    const std::size_t close = text.find('$', at + 1);
    const std::string_view tag = close == std::string_view::npos ? "" : text.substr(at, close + 1 - at);
    const bool is_tag =
        !tag.empty() && std::all_of(tag.begin() + 1, tag.end() - 1, [](char c) { return in_word(c); });
    if (!is_tag) {
      ++at;
      return;
    }
    skip_to(end_of(tag, close + 1));
  }

  void word() {
    std::string name;
    for (; in_word(peek()); ++at) name += static_cast<char>(std::tolower(static_cast<unsigned char>(peek())));
    if (name == "e" && peek() == '\'') return skip_to(end_of_quote('\'', true));
    add(std::move(name));
  }

  void step() {
    const char c = peek();
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
    } else if (c == '-' && peek(1) == '-') {
      const std::size_t end = text.find('\n', at);
      skip_to(end == std::string_view::npos ? text.size() : end);
    } else if (c == '/' && peek(1) == '*') {
      skip_to(end_of_comment());
    } else if (c == '\'') {
      skip_to(end_of_quote(c, false));
    } else if (c == '"') {
      const std::size_t start = at;
      skip_to(end_of_quote(c, false));
      add(std::string(text.substr(start, at - start)));
    } else if (c == '$') {
      dollar();
    } else if (starts_word(c)) {
      word();
    } else if (c == ';') {
      ended = true;
      ++at;
    } else {
      if (c == ')') --depth;
      add(c == kValueMark ? "?" : std::string(1, c));
      if (c == '(') ++depth;
      ++at;
    }
  }
};

bool is_name(const std::string& word) {
  return !word.empty() && (word[0] == '"' || starts_word(word[0]));
}

// The words from `index` on that make up a name: shop . "Notes"
std::string name_at(const SqlScan& scan, std::size_t& index) {
  std::string name;
  while (index < scan.words.size() && is_name(scan.words[index].text)) {
    name += scan.words[index++].text;
    if (index >= scan.words.size() || scan.words[index].text != ".") break;
    name += scan.words[index++].text;
  }
  return name;
}

using Rights = std::map<std::string, std::vector<std::string>>;

void add_right(Rights& rights, const std::string& table, const std::string& right) {
  if (table.empty()) return;
  auto& list = rights[table];
  if (std::ranges::find(list, right) == list.end()) list.push_back(right);
}

// insert into notes (id, note): the columns alone are enough.
void add_insert(Rights& rights, const SqlScan& scan, std::size_t index) {
  const std::string table = name_at(scan, index);
  std::string columns;
  if (index < scan.words.size() && scan.words[index].text == "(") {
    for (++index; index < scan.words.size() && scan.words[index].text != ")"; ++index)
      columns += scan.words[index].text == "," ? ", " : scan.words[index].text;
  }
  add_right(rights, table, columns.empty() ? "insert" : "insert (" + columns + ')');
  if (scan.has("returning")) add_right(rights, table, "select");
}

}  // namespace

bool SqlScan::has(std::string_view word) const {
  return std::ranges::find(words, word, &SqlWord::text) != words.end();
}

std::size_t SqlScan::top(std::string_view word) const {
  const auto it =
      std::ranges::find_if(words, [&](const SqlWord& w) { return w.depth == 0 && w.text == word; });
  return static_cast<std::size_t>(it - words.begin());
}

bool SqlScan::value_after(std::size_t index) const {
  for (std::size_t i = index; i < words.size(); ++i) {
    if (words[i].text == "?") return true;
  }
  return false;
}

SqlScan scan_sql(std::string_view text) {
  Scanner scanner{text};
  while (scanner.at < text.size()) scanner.step();
  if (scanner.depth != 0) scanner.scan.unfinished = true;
  return std::move(scanner.scan);
}

std::string table_after(const SqlScan& scan, std::string_view word) {
  std::size_t index = scan.top(word) + 1;
  if (index < scan.words.size() && scan.words[index].text == "only") ++index;
  return name_at(scan, index);
}

std::vector<std::string> grants_for(const std::vector<SqlScan>& scans) {
  Rights rights;
  for (const SqlScan& scan : scans) {
    if (scan.first() == "insert") {
      add_insert(rights, scan, scan.top("into") + 1);
    } else if (scan.first() == "select") {
      add_right(rights, table_after(scan, "from"), "select");
    } else if (scan.first() == "delete" || scan.first() == "update") {
      const std::string table = table_after(scan, scan.first() == "delete" ? "from" : "update");
      add_right(rights, table, "select");
      add_right(rights, table, std::string(scan.first()));
    }
  }
  std::vector<std::string> grants;
  for (const auto& [table, list] : rights) {
    std::string text;
    for (const std::string& right : list) text += (text.empty() ? "" : ", ") + right;
    text.append(" on ").append(table).append(" to deadcalm");
    grants.push_back("grant " + text);
  }
  return grants;
}

}  // namespace deadcalm::probes::postgres
