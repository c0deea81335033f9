#include "probes/supabase/decode.h"

#include "probes/credentials/jwt.h"
#include "probes/http/decode.h"

namespace deadcalm::probes::supabase {
namespace {

config::SecretSource needed_secret(config::Reader& reader, std::string_view key, std::string_view hint) {
  auto secret = reader.secret_source(key);
  if (!secret && !reader.has(key) && !reader.has(std::string(key) + "_file"))
    reader.fault(key, "\"" + std::string(key) + "\" is missing", hint);
  return std::move(secret).value_or(config::SecretSource{});
}

// A key that passes by row-level security proves nothing of what users can do, and may touch everything.
void check_key(config::Reader& reader, const config::SecretSource& source) {
  const std::string& key = source.value.reveal();
  if (!key.starts_with("sb_secret_") && credentials::jwt_role(key) != "service_role") return;
  reader.fault(reader.has("anon_key") ? "anon_key" : "anon_key_file",
               "this is a secret key (service_role), which passes by row-level security",
               "give the anon or publishable key; the user signs in with `email:` and `password_file:`");
}

void decode_url(config::Reader& reader, SupabaseOptions& options) {
  std::string url = reader.url("url", config::kHttp);
  while (url.ends_with('/')) url.pop_back();
  const std::size_t path = url.find('/', url.find("://") + 3);
  if (!url.empty() && path != std::string::npos) {
    reader.fault("url", "must be the project's address alone, without a path",
                 "https://<project>.supabase.co: /rest/v1 and /auth/v1 are added");
  }
  options.user.url = std::move(url);
}

}  // namespace

SupabaseOptions decode_supabase(config::Reader& reader) {
  SupabaseOptions options;
  decode_url(reader, options);
  options.user.anon_key = needed_secret(reader, "anon_key", "the anon or publishable key of the project");
  check_key(reader, options.user.anon_key);
  options.user.email = reader.text("email");
  if (!options.user.email.empty() && options.user.email.find('@') == std::string::npos)
    reader.fault("email", "is no e-mail address", "the one of a user made for deadcalm alone");
  options.user.password = needed_secret(reader, "password", "or \"password_file\"");
  options.schema = reader.text("schema", options.schema);
  options.table = reader.text("table", options.table);
  if (options.table.find('.') != std::string::npos)
    reader.fault("table", "holds a dot", "the schema has a key of its own: `schema:`");
  if (auto columns = reader.child("columns")) {
    options.own_table = true;
    options.id_column = columns->text("id");
    options.token_column = columns->text("token");
    if (!options.id_column.empty() && options.id_column == options.token_column)
      columns->fault("token", "the token needs a column of its own", "it is the id's");
    columns->finish();
  }
  options.requests = http::decode_requests(reader);
  return options;
}

}  // namespace deadcalm::probes::supabase
