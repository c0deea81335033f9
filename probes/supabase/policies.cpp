#include "probes/supabase/supabase_backend.h"

namespace deadcalm::probes::supabase {
namespace {

std::string quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

}  // namespace

std::vector<std::string> table_and_policies(const SupabaseOptions& options) {
  const std::string table = quoted(options.schema, '"') + '.' + quoted(options.table, '"');
  const std::string id = quoted(options.id_column, '"');
  const std::string token = quoted(options.token_column, '"');
  const std::string grant =
      "grant select, insert (" + id + ", " + token + "), delete on " + table + " to authenticated";
  if (options.own_table) return {grant};
  const std::string ours =
      "owner = (select auth.uid()) and (select auth.jwt() ->> 'email') = " + quoted(options.user.email, '\'');
  return {
      "create table " + table + " (" + id + " text primary key, " + token +
          " text not null, owner uuid not null default auth.uid(), "
          "written timestamptz not null default now())",
      "alter table " + table + " enable row level security",
      "revoke all on " + table + " from anon, authenticated",
      grant,
      "create policy deadcalm_select on " + table + " for select to authenticated using (" + ours + ")",
      "create policy deadcalm_insert on " + table + " for insert to authenticated with check (" + ours + ")",
      "create policy deadcalm_delete on " + table + " for delete to authenticated using (" + ours + ")"};
}

}  // namespace deadcalm::probes::supabase
