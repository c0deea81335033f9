#pragma once
// The `sql` source: one number from a query on PostgreSQL. ${since} and ${window} are bound parameters
// (timestamptz, interval), so nothing is ever pasted into the statement.
#include "config/reader.h"
#include "config/secret_source.h"
#include "config/template.h"
#include "probes/backend_deps.h"
#include "probes/postgres/question.h"
#include "probes/traffic/count_source.h"

namespace deadcalm::probes::traffic {

struct SqlOptions {
  config::SecretSource dsn;
  config::Template query;
};

SqlOptions decode_sql(config::Reader& reader);

class SqlSource final : public CountSource {
 public:
  SqlSource(const std::shared_ptr<const SqlOptions>& options, BackendDeps deps);

  net::awaitable<Counted> count(CountWindow window, model::SteadyTime deadline) override;
  net::awaitable<CountedHours> history(model::WallTime now, model::Millis back,
                                       model::SteadyTime deadline) override;
  std::string describe(const CountWindow& window) const override;

 private:
  postgres::Question question_;
  std::string statement_;           // with $1 and $2
  std::vector<std::string> names_;  // of $1 and $2, where they are used
};

}  // namespace deadcalm::probes::traffic
