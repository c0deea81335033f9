#pragma once
// `known_record: { type: http }`: a GET whose answer has to hold what is expected.
#include "config/reader.h"
#include "probes/backend_deps.h"
#include "probes/http/assertion.h"
#include "probes/http/http_question.h"
#include "probes/known/known_record.h"

namespace deadcalm::probes::known {

struct HttpRecordOptions {
  std::string url;
  http::QuestionOptions question;
  http::Expect expect;
};

HttpRecordOptions decode_http_record(config::Reader& reader);

// Pure. 404, 410 and an assertion that does not hold on a good status mean gone; everything else that is no
// success says nothing about the record.
KnownAnswer judge_answer(const runtime::HttpAnswer& answer, const HttpRecordOptions& options);

class HttpRecord final : public KnownRecord {
 public:
  HttpRecord(const std::shared_ptr<const HttpRecordOptions>& options, const BackendDeps& deps);

  net::awaitable<KnownAnswer> look(model::SteadyTime deadline) override;
  std::string describe() const override { return "GET " + options_->url; }

 private:
  std::shared_ptr<const HttpRecordOptions> options_;
  http::HttpQuestion question_;
};

}  // namespace deadcalm::probes::known
