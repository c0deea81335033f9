#pragma once
// Enough of PostgreSQL's lexical rules (manual, §4.1) to say what a statement of the user's is before it is
// ever sent: its words outside of quotes and comments, how many commands, where our values stand. Pure; no
// parser, the server has one.
#include <string>
#include <string_view>
#include <vector>

namespace deadcalm::probes::postgres {

// Stands for a value of ours in a text to be scanned.
inline constexpr char kValueMark = '\x1f';

struct SqlWord {
  std::string text;  // key words and names in lower case, "Quoted" names as they stand, symbols alone
  int depth = 0;     // of parentheses
};

struct SqlScan {
  std::vector<SqlWord> words;  // without strings and comments; a value of ours is "?"
  bool several_commands = false;
  bool value_in_quotes = false;  // where it would be text
  bool own_parameter = false;    // $1
  bool unfinished = false;       // a quote, a comment or a parenthesis is not closed

  std::string_view first() const { return words.empty() ? std::string_view() : words.front().text; }
  bool has(std::string_view word) const;
  // The index of the word outside of parentheses; words.size(): there is none.
  std::size_t top(std::string_view word) const;
  bool value_after(std::size_t index) const;
};

SqlScan scan_sql(std::string_view text);

// The table a command names, as it is written there: "shop.notes"; empty: it does not follow `word`.
std::string table_after(const SqlScan& scan, std::string_view word);

// `grant select, insert (id, note) on notes to deadcalm`, one a table, as far as the statements tell.
std::vector<std::string> grants_for(const std::vector<SqlScan>& scans);

}  // namespace deadcalm::probes::postgres
