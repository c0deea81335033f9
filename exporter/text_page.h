#pragma once
// Samples as Prometheus text 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats), written line by
// line. prometheus-cpp wants every sample of a page as an object first: half a kilobyte each, which at
// ten thousand services is most of the process's memory and of a scrape's time.
#include <initializer_list>
#include <string>
#include <string_view>

namespace deadcalm::exporter {

struct Label {
  std::string_view name, value;
};

class TextPage {
 public:
  enum class Kind { gauge, counter };

  // The samples that follow are of this family. One family is written in one piece.
  void family(std::string_view name, std::string_view help, Kind kind);
  void sample(std::initializer_list<Label> labels, double value);

  void append(std::string_view text) { text_ += text; }  // families somebody else has rendered
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view name_, help_;
  Kind kind_ = Kind::gauge;
  bool headed_ = false;  // a family without a sample is not on the page
};

}  // namespace deadcalm::exporter
