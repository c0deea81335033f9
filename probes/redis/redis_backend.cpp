#include "probes/redis/redis_backend.h"

#include "runtime/log.h"

namespace deadcalm::probes::redis {
namespace {

constexpr const char* kTokenField = "token";
constexpr const char* kNewestEntries = "1000";

StepFailure contract(std::string detail, bool maybe_done) {
  return {model::Write::contract, std::move(detail), maybe_done, false, false};
}

std::string in_words(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

std::string as_glob(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == '^') out += '\\';
    out += c;
  }
  return out;
}

RedisBackend::RedisBackend(std::shared_ptr<const RedisOptions> options, BackendDeps deps)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      password_(options_.password.value),
      deps_(std::move(deps)),
      main_{RedisConnection(deps_.clock, deps_.executor)},
      beside_{RedisConnection(deps_.clock, deps_.executor)} {}

RedisBackend::Command RedisBackend::plant_command(const Canary& canary) const {
  if (uses_stream()) return {"XADD", options_.stream, "*", kTokenField, canary.token};
  Command command{"SET", options_.prefix + canary.record_id, canary.token, "NX"};
  if (options_.expire > model::Millis{0}) {
    command.emplace_back("PX");
    command.push_back(std::to_string(options_.expire.count()));
  }
  return command;
}

RedisBackend::Command RedisBackend::read_command(const Canary& canary) const {
  if (uses_stream()) return {"XRANGE", options_.stream, canary.record_id, canary.record_id};
  return {"GET", options_.prefix + canary.record_id};
}

RedisBackend::Command RedisBackend::remove_command(const Canary& canary) const {
  if (uses_stream()) return {"XDEL", options_.stream, canary.record_id};
  return {"DEL", options_.prefix + canary.record_id};
}

net::awaitable<std::optional<StepFailure>> RedisBackend::open(Session& session, model::SteadyTime deadline) {
  session.took_a_write = false;
  std::string name = "deadcalm/" DEADCALM_VERSION ":" + deps_.instance;  // a name holds no spaces
  auto failure = co_await session.connection.open(options_.target, password_, name, deadline);
  if (!failure || failure->failure != model::Write::auth || !options_.password.can_change())
    co_return failure;
  // Refused: the secret may have been rotated. Once more, with what its file says now.
  const auto fresh = options_.password.read_again(deps_.environment);
  if (!fresh || *fresh == password_) co_return failure;
  password_ = *fresh;
  runtime::mask_in_logs({password_});
  co_return co_await session.connection.open(options_.target, password_, name, deadline);
}

net::awaitable<RedisBackend::Answer> RedisBackend::run(Session& session, Command command,
                                                       model::SteadyTime deadline) {
  if (!session.connection.is_open()) {
    if (auto failure = co_await open(session, deadline)) co_return std::unexpected(*std::move(failure));
  }
  co_return co_await session.connection.run(std::move(command), deadline);
}

// ROLE needs a right of its own. Without it a session that took a write is known to be no replica.
net::awaitable<bool> RedisBackend::is_primary(Session& session, model::SteadyTime deadline) {
  const Command ask{"ROLE"};
  const Answer answer = co_await run(session, ask, deadline);
  if (!answer) co_return session.took_a_write;
  co_return !answer->items.empty() && answer->items[0].text == "master";
}

// GET: the text itself. XRANGE: [[id, [field, value, ...]]].
std::string RedisBackend::token_in(const Reply& reply) const {
  if (!uses_stream()) return reply.text;
  if (reply.items.empty() || reply.items[0].items.size() < 2) return {};
  const std::vector<Reply>& fields = reply.items[0].items[1].items;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i].text == kTokenField) return fields[i + 1].text;
  }
  return "no token";
}

// Gone because we said so when it was planted: no finding, after a long pause of ours.
bool RedisBackend::has_expired(const Canary& canary) const {
  if (uses_stream() || options_.expire == model::Millis{0}) return false;
  const auto token = model::decode(canary.token, deps_.canary_key);
  return token && deps_.clock.now().wall >= token->written + options_.expire;
}

net::awaitable<PrepareAnswer> RedisBackend::prepare(bool, model::SteadyTime) {
  co_return PrepareAnswer{};  // there is nothing to make
}

net::awaitable<PlantAnswer> RedisBackend::plant(Canary canary, model::SteadyTime deadline) {
  PlantAnswer answer;
  Session& session = free_session();
  Command command = plant_command(canary);
  const Answer planted = co_await run(session, std::move(command), deadline);
  if (!planted) {
    answer.failure = planted.error();
    co_return answer;
  }
  session.took_a_write = true;
  if (uses_stream()) {
    answer.record_id = planted->text;
  } else if (planted->is_nil()) {
    // The key is there already. With the same token it is the very record (its fate was unknown).
    Command look = read_command(canary);
    const Answer there = co_await run(session, std::move(look), deadline);
    if (!there) {
      answer.failure = there.error();
    } else if (there->text != canary.token) {
      answer.failure = contract("another value already has this key", false);
    }
  }
  co_return answer;
}

net::awaitable<ReadAnswer> RedisBackend::read(Canary canary, model::SteadyTime deadline) {
  ReadAnswer answer;
  Session& session = free_session();
  Command command = read_command(canary);
  const Answer found = co_await run(session, std::move(command), deadline);
  if (!found) {
    answer.failure = found.error();
    co_return answer;
  }
  answer.token = token_in(*found);
  answer.found = answer.token.empty() ? Found::no : Found::yes;
  // Redis refuses what a user may not see (NOPERM), it hides nothing.
  answer.identity_proved = true;
  if (answer.found == Found::no) {
    answer.primary = co_await is_primary(session, deadline);
    if (has_expired(canary)) answer.primary = false;  // it tells nothing about loss either
  }
  co_return answer;
}

// Read first: DEL asks nothing about what a key holds.
net::awaitable<RemoveAnswer> RedisBackend::remove(Canary canary, model::SteadyTime deadline) {
  RemoveAnswer answer;
  Session& session = free_session();
  Command look = read_command(canary);
  const Answer there = co_await run(session, std::move(look), deadline);
  if (!there) {
    answer.failure = there.error();
    co_return answer;
  }
  const std::string token = token_in(*there);
  if (token.empty()) {
    answer.removed = Removed::was_absent;
    co_return answer;
  }
  if (token != canary.token) {
    answer.failure = contract("not removed: the record does not hold our token any more", false);
    co_return answer;
  }
  Command command = remove_command(canary);
  const Answer removed = co_await run(session, std::move(command), deadline);
  if (removed) {
    answer.removed = removed->integer > 0 ? Removed::yes : Removed::was_absent;
  } else {
    answer.failure = removed.error();
  }
  co_return answer;
}

net::awaitable<FindAnswer> RedisBackend::find(std::string stream, model::SteadyTime deadline) {
  co_return uses_stream() ? co_await find_entries(stream, deadline) : co_await find_keys(stream, deadline);
}

net::awaitable<FindAnswer> RedisBackend::find_keys(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  Session& session = free_session();
  std::string cursor = "0";
  do {  // the deadline bounds them
    const Command scan{
        "SCAN",  cursor,
        "MATCH", as_glob(options_.prefix + (stream.empty() ? "dc-" : "dc-" + stream + '-')) + '*',
        "COUNT", "1000"};
    const Answer page = co_await run(session, scan, deadline);
    if (!page) {
      answer.failure = page.error();
      co_return answer;
    }
    if (page->items.size() != 2) {
      answer.failure = contract("SCAN: an answer of another form", false);
      co_return answer;
    }
    cursor = page->items[0].text;
    for (const Reply& key : page->items[1].items) {
      const Command get{"GET", key.text};
      const Answer value = co_await run(session, get, deadline);
      if (!value) {
        answer.failure = value.error();
        co_return answer;
      }
      const auto ours = model::find_tokens(value->text, deps_.canary_key, 1);
      if (!ours.empty() && is_of(ours[0], stream))
        answer.records.push_back(
            {key.text.substr(options_.prefix.size()), encode(ours[0], deps_.canary_key)});
    }
  } while (cursor != "0");
  co_return answer;
}

// The newest entries only: a stream of others may be long.
net::awaitable<FindAnswer> RedisBackend::find_entries(std::string stream, model::SteadyTime deadline) {
  FindAnswer answer;
  const Command command{"XREVRANGE", options_.stream, "+", "-", "COUNT", kNewestEntries};
  const Answer entries = co_await run(free_session(), command, deadline);
  if (!entries) {
    answer.failure = entries.error();
    co_return answer;
  }
  for (const Reply& entry : entries->items) {
    if (entry.items.size() < 2) continue;
    for (const Reply& field : entry.items[1].items) {
      const auto ours = model::find_tokens(field.text, deps_.canary_key, 1);
      if (!ours.empty() && is_of(ours[0], stream))
        answer.records.push_back({entry.items[0].text, encode(ours[0], deps_.canary_key)});
    }
  }
  co_return answer;
}

void RedisBackend::finish() {
  main_.connection.close();
  beside_.connection.close();
}

Description RedisBackend::describe(const Canary& example) const {
  Description description;
  const RedisTarget& target = options_.target;
  const std::string place =
      target.host + ':' + std::to_string(target.port) + '/' + std::to_string(target.database);
  const std::string what = uses_stream() ? "stream " + options_.stream : "keys " + options_.prefix + '*';
  description.target = "redis " + place + ' ' + what;
  description.proves = "Redis " + place + ", " + what + " (no business logic)";
  description.server_assigns_ids = uses_stream();
  description.can_find = true;
  description.calls_per_cycle = 7;  // greeting, the removal reads before it deletes
  if (example.token.empty()) return description;
  Canary shown = example;
  if (uses_stream()) shown.record_id = "<id>";
  description.requests = {"plant   " + in_words(plant_command(shown)),
                          "read    " + in_words(read_command(shown)),
                          "remove  " + in_words(remove_command(shown))};
  description.grants = {"acl setuser deadcalm on >... " +
                        (uses_stream() ? "~" + options_.stream + " +xadd +xrange +xrevrange +xdel"
                                       : "~" + as_glob(options_.prefix) + "* +set +get +del +scan") +
                        " +role +client|setname" + (target.database != 0 ? " +select" : "")};
  return description;
}

}  // namespace deadcalm::probes::redis
