// The promises of store::Store, run on every implementation.
#include <catch2/catch.hpp>
#include <functional>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/support/temp_dir.h"

using namespace deadcalm;
using store::Batch;

namespace {

struct Implementation {
  const char* name;
  std::function<std::unique_ptr<store::Store>(const tests::TempDir&)> make;
};

const Implementation kImplementations[] = {
    {"memory", [](const tests::TempDir&) { return std::make_unique<store::MemoryStore>(); }},
    {"sqlite", [](const tests::TempDir& dir) { return store::open_sqlite(dir.file("s.db")).value(); }},
};

model::Record record(std::uint64_t seq, model::RecordState state = model::RecordState::reserved) {
  return {"s1", seq, state, "dc1.token", "id-" + std::to_string(seq), model::from_unix_millis(1000), {}};
}

store::PageRow page(const std::string& id) {
  store::PageRow row;
  row.id = id;
  row.order_key = "slack/orders#1";
  row.channel = "slack";
  row.incident = "orders#1";
  row.payload = "{}";
  return row;
}

}  // namespace

TEST_CASE("store contract") {
  const Implementation& implementation = kImplementations[GENERATE(0, 1)];
  INFO(implementation.name);
  const tests::TempDir dir;
  const auto s = implementation.make(dir);

  SECTION("streams and records are kept by their keys") {
    Batch batch;
    batch.streams = {{"s1", "orders", "http", "t", 7, true, true, "16384", {"select 1", "GET https://a/b"}}};
    batch.records = {record(5, model::RecordState::kept), record(6)};
    batch.records[0].seen_absent = model::from_unix_millis(77);
    REQUIRE(s->commit(batch));
    batch = {};
    batch.forget_records = {{"s1", 6}};
    batch.records = {record(7)};
    REQUIRE(s->commit(batch));

    const auto streams = s->streams().value();
    REQUIRE(streams.size() == 1);
    CHECK(streams[0].next_seq == 7);
    CHECK(streams[0].armed);
    CHECK(streams[0].container_identity == "16384");
    CHECK(streams[0].known_good == std::vector<std::string>{"select 1", "GET https://a/b"});
    const auto records = s->records().value();
    REQUIRE(records.size() == 2);
    CHECK(records[0].seq == 5);
    CHECK(records[0].state == model::RecordState::kept);
    CHECK(records[0].seen_absent == model::from_unix_millis(77));
    CHECK(records[1].seq == 7);
    CHECK_FALSE(records[1].seen_absent);
  }
  SECTION("forgetting a stream takes its records along") {
    Batch batch;
    batch.streams = {{"s1", "orders", "http", "t", 7, true, true, ""}};
    batch.records = {record(5)};
    REQUIRE(s->commit(batch));
    batch = {};
    batch.forget_streams = {"s1"};
    REQUIRE(s->commit(batch));
    CHECK(s->streams().value().empty());
    CHECK(s->records().value().empty());
  }
  SECTION("the inbox keeps order and hands out what is after a cursor") {
    Batch batch;
    model::Transition t;
    t.subject.name = "orders";
    t.to = model::Verdict::masked_outage;
    t.evidence.detail = "connection refused";
    model::Command c;
    c.kind = model::CommandKind::silence;
    c.service = "orders";
    batch.transitions = {t};
    batch.commands = {c};
    REQUIRE(s->commit(batch));
    REQUIRE(s->commit(batch));

    const auto all = s->inbox_after(0, 100).value();
    REQUIRE(all.size() == 4);
    CHECK(std::get<model::Transition>(all[0].item).to == model::Verdict::masked_outage);
    CHECK(std::get<model::Transition>(all[0].item).evidence.detail == "connection refused");
    CHECK(std::get<model::Command>(all[1].item).kind == model::CommandKind::silence);
    const auto rest = s->inbox_after(all[1].id, 1).value();
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].id == all[2].id);

    CHECK(s->cursor("alerting").value() == 0);
    batch = {};
    batch.cursors = {{"alerting", all[2].id}};
    REQUIRE(s->commit(batch));
    CHECK(s->cursor("alerting").value() == all[2].id);
  }
  SECTION("a page is queued once however often its work item is replayed") {
    Batch batch;
    batch.new_pages = {page("p1"), page("p2")};
    REQUIRE(s->commit(batch));
    auto pages = s->unsent_pages().value();
    REQUIRE(pages.size() == 2);
    CHECK(pages[0].number < pages[1].number);

    pages[0].state = store::PageState::accepted;
    pages[1].state = store::PageState::sending;
    pages[1].attempts = 2;
    Batch change;
    change.page_changes = pages;
    REQUIRE(s->commit(change));
    REQUIRE(s->commit(batch));  // replayed: neither sent again nor reset
    pages = s->unsent_pages().value();
    REQUIRE(pages.size() == 1);
    CHECK(pages[0].id == "p2");
    CHECK(pages[0].attempts == 2);
  }
  SECTION("incidents are found open or all") {
    Batch batch;
    batch.incidents = {{"orders", 1, false, "{}"}, {"orders", 2, true, "{\"a\":1}"}};
    REQUIRE(s->commit(batch));
    CHECK(s->incidents(false).value().size() == 2);
    const auto open = s->incidents(true).value();
    REQUIRE(open.size() == 1);
    CHECK(open[0].generation == 2);
    CHECK(open[0].payload == "{\"a\":1}");
  }
  SECTION("documents are replaced, and deleted by empty text") {
    Batch batch;
    batch.documents = {{"state", "orders", "1"}, {"state", "orders", "2"}, {"other", "x", "y"}};
    REQUIRE(s->commit(batch));
    REQUIRE(s->documents("state").value().size() == 1);
    CHECK(s->documents("state").value()[0].text == "2");
    batch = {};
    batch.documents = {{"state", "orders", ""}};
    REQUIRE(s->commit(batch));
    CHECK(s->documents("state").value().empty());
  }
  SECTION("old history goes, but nothing that a reader or an open incident still needs") {
    const auto at = [](int day) { return model::from_unix_millis(day * 86'400'000LL); };
    Batch batch;
    for (const int day : {1, 2, 3, 9}) {
      model::Transition t;
      t.at.wall = at(day);
      batch.transitions.push_back(t);
    }
    model::Command c;
    c.at = at(1);
    batch.commands = {c};
    batch.incidents = {{"orders", 1, false, "{}", at(1)}, {"orders", 2, false, "{}", at(2)},
                       {"orders", 3, false, "{}", at(2)}, {"carts", 1, true, "{}"},
                       {"users", 1, false, "{}", at(9)},  {"users", 2, false, "{}", at(9)}};
    int number = 0;
    const auto sent_on = [&](int day, const std::string& incident, store::PageState state) {
      store::PageRow row = page("p" + std::to_string(++number));
      row.created = at(day);
      row.incident = incident;
      row.state = state;
      batch.new_pages.push_back(row);
    };
    sent_on(1, "orders#1", store::PageState::accepted);
    sent_on(1, "orders#2", store::PageState::queued);  // owed: neither it nor its incident goes
    sent_on(1, "carts#1", store::PageState::accepted);
    sent_on(1, "orders#3", store::PageState::dead);
    sent_on(9, "orders#3", store::PageState::superseded);
    REQUIRE(s->commit(batch));

    const auto inbox = [&] { return s->inbox_after(0, 100).value().size(); };
    const auto ids = s->inbox_after(0, 100).value();
    Batch cursors;
    cursors.cursors = {{"alerting", ids[3].id}};
    REQUIRE(s->commit(cursors));
    CHECK(s->prune(at(5), 100).value() == 3);  // two pages, orders#1; the monitor has read nothing yet
    CHECK(inbox() == 5);
    cursors.cursors = {{"monitor", ids[1].id}};
    REQUIRE(s->commit(cursors));
    CHECK(s->prune(at(5), 1).value() == 1);  // a batch at a time, the oldest first
    CHECK(s->inbox_after(0, 100).value()[0].id == ids[1].id);
    CHECK(s->prune(at(5), 100).value() == 1);
    CHECK(inbox() == 3);  // day 3 was not read by both
    cursors.cursors = {{"monitor", ids[4].id}, {"alerting", ids[4].id}};
    REQUIRE(s->commit(cursors));
    CHECK(s->prune(at(5), 100).value() == 2);
    CHECK(inbox() == 1);  // day 9
    CHECK(s->prune(at(5), 100).value() == 0);

    std::vector<std::string> left;
    for (const auto& i : s->incidents(false).value())
      left.push_back(i.subject + std::to_string(i.generation));
    CHECK(left == std::vector<std::string>{"carts1", "orders2", "orders3", "users1", "users2"});
    CHECK(s->unsent_pages().value().size() == 1);
    // Numbers go on: nothing new is taken for something old.
    CHECK(s->prune(at(100), 100).value() > 0);
    CHECK(inbox() == 0);
    batch = {};
    batch.commands = {c};
    batch.new_pages = {page("p1"), page("p9")};
    REQUIRE(s->commit(batch));
    CHECK(s->inbox_after(0, 100).value().at(0).id > ids[4].id);
    CHECK(s->unsent_pages().value().back().number > 5);
  }
  SECTION("an identity is there from the start and stays") {
    const auto first = s->identity().value();
    CHECK(first.instance.size() == 8);
    CHECK_FALSE(first.canary_key.empty());
    CHECK(s->identity().value().instance == first.instance);
  }
}
