#pragma once
// The `supabase` backend: rows of a table through the project's REST API (PostgREST), written by a user who
// signs in, under the table's row-level security. Row counts are checked, since a policy that does not
// match answers 200 and does nothing.
// Sources: docs.postgrest.org/en/v14/references/api/tables_views.html (filters, Prefer:
// return=representation),
// .../references/api/schemas.html (Accept-Profile, Content-Profile);
// supabase.com/docs/guides/database/postgres/ row-level-security.
#include "probes/backend.h"
#include "probes/backend_deps.h"
#include "probes/credentials/supabase.h"
#include "probes/http/requester.h"

namespace deadcalm::probes::supabase {

struct SupabaseOptions {
  credentials::SupabaseUser user;
  std::string schema = "public";
  std::string table = "deadcalm_canaries";
  std::string id_column = "canary_id";
  std::string token_column = "token";
  bool own_table = false;  // of the user's: no DDL for it is ours to print
  http::RequesterOptions requests;
};

class SupabaseBackend final : public Backend {
 public:
  SupabaseBackend(std::shared_ptr<const SupabaseOptions> options, BackendDeps deps);

  net::awaitable<PrepareAnswer> prepare(bool may_create, model::SteadyTime deadline) override;
  net::awaitable<PlantAnswer> plant(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<ReadAnswer> read(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<RemoveAnswer> remove(Canary canary, model::SteadyTime deadline) override;
  net::awaitable<FindAnswer> find(std::string stream, model::SteadyTime deadline) override;
  void finish() override { requester_.finish(); }
  std::optional<model::CredentialExpiry> credential_expiry() const override { return credentials_.expiry(); }
  Description describe(const Canary& example) const override;

 private:
  struct Call {
    std::string method, query, body;
  };
  struct Row {
    std::string id, token;
  };
  using Rows = std::expected<std::vector<Row>, StepFailure>;

  Call plant_call(const Canary& canary) const;
  Call read_call(const Canary& canary) const;
  Call remove_call(const Canary& canary) const;
  Call find_call(const std::string& stream) const;

  runtime::HttpRequest build(const Call& call) const;
  net::awaitable<http::Requester::Outcome> send_once(Call call, model::SteadyTime deadline);
  // The rows of a good answer. A token that is not accepted is got anew and the call tried once more.
  net::awaitable<Rows> send(Call call, model::SteadyTime deadline, bool* from_cache = nullptr);
  Rows rows_in(const runtime::HttpAnswer& answer) const;
  std::string text(const Call& call) const;

  std::shared_ptr<const SupabaseOptions> shared_options_;
  const SupabaseOptions& options_;
  BackendDeps deps_;
  config::SecretSource anon_key_;
  http::Requester requester_;
  credentials::Token credentials_;
};

// The managed table, its grants and its policies: only this user, only its own rows.
std::vector<std::string> table_and_policies(const SupabaseOptions& options);

}  // namespace deadcalm::probes::supabase
