#pragma once
// `known_record: { type: sql }`: the first value of the first row, against an expectation.
#include "config/reader.h"
#include "probes/backend_deps.h"
#include "probes/http/assertion.h"
#include "probes/known/known_record.h"
#include "probes/postgres/question.h"

namespace deadcalm::probes::known {

struct SqlRecordOptions {
  postgres::PgTarget target;
  std::string query;
  std::vector<http::Condition> expect;  // of the value; none: there is a row
};

SqlRecordOptions decode_sql_record(config::Reader& reader);

// Pure: what the rows say. No row is an absent record.
KnownAnswer judge_rows(const std::vector<std::vector<std::string>>& rows, const SqlRecordOptions& options);

class SqlRecord final : public KnownRecord {
 public:
  SqlRecord(const std::shared_ptr<const SqlRecordOptions>& options, const BackendDeps& deps);

  net::awaitable<KnownAnswer> look(model::SteadyTime deadline) override;
  std::string describe() const override;

 private:
  net::awaitable<bool> is_primary(model::SteadyTime deadline);

  std::shared_ptr<const SqlRecordOptions> options_;
  postgres::Question question_;
};

}  // namespace deadcalm::probes::known
