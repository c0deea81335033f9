#pragma once
// The inside of Alerting. Two loops share this state on one thread: the desk (desk.cpp) alone changes
// incidents and silences, the dispatcher (dispatch.cpp) sends and records. What a delivery means for an
// incident is handed to the desk, so that each incident is decided by one at a time.
#include <deque>
#include <map>

#include "alerting/alerting.h"
#include "alerting/bell.h"
#include "alerting/incident_machine.h"
#include "alerting/outbox.h"
#include "runtime/task_group.h"

namespace deadcalm::alerting {

class Alerting::Engine {
 public:
  explicit Engine(AlertingDeps deps);

  net::awaitable<model::Result<void>> restore();
  void start();
  void poke() { desk_bell_.ring(); }
  net::awaitable<void> stop(model::Millis patience);
  void emergency(const std::string& text);
  Status status() const;

 private:
  // What a delivery means for incidents.
  struct News {
    enum class Kind { refused, slow, accepted } kind;
    std::string page_id;  // refused, slow
    std::string channel;
    std::string reason;
  };
  // Everything that one decision changes: committed together, then applied together.
  struct Staged {
    store::Batch batch;
    std::vector<Incident> incidents;
    std::vector<std::pair<store::PageRow, Page>> pages;
    std::vector<std::string> replaced, dead;  // ids of pages
    std::map<std::string, std::optional<Silence>> silences;
    std::int64_t cursor = 0;
  };

  // desk.cpp: what happened -> incidents and page rows
  net::awaitable<void> desk();
  net::awaitable<bool> read_inbox();
  net::awaitable<void> hear_news(News news);
  net::awaitable<void> fire_timers();
  net::awaitable<void> follow_clock();
  net::awaitable<void> commit_surely(Staged staged);
  void apply(Staged staged);
  void take(const model::Transition& transition, Staged& staged);
  void take(const model::Command& command, std::int64_t inbox_id, Staged& staged);
  void change_silences(const model::Command& command, Staged& staged);
  void refused(OutboxItem& item, const std::string& reason, Staged& staged);
  bool fall_back_from(const OutboxItem& item, bool refused, Staged& staged);
  model::SteadyTime next_timer() const;
  std::optional<Incident> latest(const std::string& key, const Staged& staged) const;
  std::optional<Silence> silence_for(const std::string& service, const Staged& staged) const;

  // staging.cpp: orders -> rows
  void stage(Change change, Staged& staged);
  void stage_page(const Order& order, const Incident& incident, Staged& staged);
  void stage_test(const model::Command& command, std::int64_t inbox_id, Staged& staged);
  void stage_row(Page page, const std::string& channel, const std::string& incident, const std::string& id,
                 Staged& staged);

  // dispatch.cpp: page rows -> senders
  net::awaitable<void> dispatcher();
  net::awaitable<void> deliver(std::string id);
  net::awaitable<void> retire(std::string id);
  net::awaitable<void> send(std::string id);
  net::awaitable<SendResult> attempt(std::string name, Delivery delivery);
  net::awaitable<void> record(std::string id, SendResult result);
  net::awaitable<void> record_surely(store::PageRow row);
  net::awaitable<void> cry(std::string name, std::string text, std::string id);
  const Channel* channel(const std::string& name) const;
  void note_store(const model::Result<void>& result);

  AlertingDeps deps_;
  std::map<std::string, Incident> incidents_;  // newest of each subject, by key
  std::map<std::string, Silence> silences_;    // by service
  std::int64_t cursor_ = 0;
  Outbox outbox_;
  std::deque<News> news_;
  std::map<std::string, ChannelStatus> channels_;
  std::uint64_t accepted_ = 0, dead_ = 0, superseded_ = 0;
  bool store_ok_ = true;
  std::string store_error_;
  model::Millis wall_offset_{0};  // wall minus steady when last looked
  bool running_ = false, stopping_ = false;
  std::size_t in_flight_ = 0;
  runtime::Event drained_;
  Bell desk_bell_, dispatch_bell_;
  runtime::TaskGroup deliveries_;
  runtime::TaskGroup loops_;  // last: stopped first
};

}  // namespace deadcalm::alerting
