#include "alerting/verdict_text.h"

#include <cmath>

#include "model/duration.h"

namespace deadcalm::alerting {
namespace {

using model::Evidence;
using model::Masked;
using model::Millis;
using model::Verdict;
using model::WallTime;

std::string count(int n, const std::string& word) {
  return std::to_string(n) + ' ' + word + (n == 1 ? "" : "s");
}

std::string upper_first(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// "3 min, 5 tries: why"
std::string lasted_text(const Evidence& e, WallTime now) {
  std::string text = now > e.since ? model::for_people(now - e.since) : "just now";
  if (e.tries > 0) text += ", " + std::to_string(e.tries) + (e.tries == 1 ? " try" : " tries");
  const std::string why = cause_text(e);
  if (!why.empty()) text += ": " + why;
  return text;
}

void add_clients(const Incident& i, VerdictText& t) {
  if (i.evidence.checks_only) return;
  if (!i.evidence.view_measured) {
    t.body.push_back("Clients: not measured, no view is configured.");
    return;
  }
  const std::string clients = clients_text(i);
  if (!clients.empty()) t.body.push_back("Clients: " + clients + '.');
  if (i.masked == Masked::yes && i.verdict != Verdict::masked_outage) {
    t.body.push_back("Many see no error, they are served from a cache: do not wait for complaints.");
  }
}

void add_last_good(const Evidence& e, VerdictText& t) {
  if (!e.truth_measured) {
    if (!e.checks_only) t.body.push_back("Writes: not measured, no write probe is configured.");
  } else if (e.last_good) {
    t.body.push_back("Last good write " + model::clock_utc(*e.last_good) + '.');
  } else {
    t.body.push_back("No write has been verified since deadcalm started.");
  }
}

void add_where_it_broke(const Evidence& e, VerdictText& t) {
  if (e.container_gone) {
    t.body.push_back("The table or container itself does not exist any more: deleted?");
  } else if (e.database_still_has_it) {
    t.body.push_back("The database still has the last record: look at what stands before it.");
  }
}

void outage(const Incident& i, WallTime now, VerdictText& t) {
  t.body.push_back("No write accepted " + since_text(i, now) + '.');
  add_where_it_broke(i.evidence, t);
  add_clients(i, t);
  add_last_good(i.evidence, t);
  t.first =
      "FIRST: do the API and the database still exist? Tell nobody to log out, clear or reinstall: unsent "
      "data is on their devices.";
}

void visible(const Incident& i, WallTime now, VerdictText& t) {
  const Evidence& e = i.evidence;
  const bool writes_work = e.signals.write == model::Write::ok;
  if (e.checks_only) t.headline = writes_work ? "a check FAILS, writes work" : "DOWN, its checks fail";
  if (e.truth_measured && !writes_work) {
    t.body.push_back("No write accepted " + since_text(i, now) + '.');
  } else {
    const std::string who =
        e.checks_only ? (e.probe.empty() ? "A check fails" : e.probe + " fails") : "Clients fail";
    t.body.push_back(who + ' ' + since_text(i, now) + '.');
  }
  if (writes_work && !e.checks_only) t.body.push_back("Writes work, the front end does not.");
  add_where_it_broke(e, t);
  add_clients(i, t);
  add_last_good(e, t);
  if (e.checks_only && (writes_work || !e.truth_measured)) {
    t.first = "FIRST: what the check names; what was deployed, changed or let expire last?";
  } else if (writes_work) {
    t.first = "FIRST: the CDN, DNS, certificate, or the last release of the front end?";
  } else {
    t.first = "FIRST: do the API and the database still exist? What was deployed or deleted last?";
  }
}

void refused(const Incident& i, WallTime now, VerdictText& t) {
  t.body.push_back("Writes are refused " + since_text(i, now) + '.');
  add_clients(i, t);
  add_last_good(i.evidence, t);
  t.first = i.verdict == Verdict::read_only
                ? "FIRST: a failover? a full disk? maintenance mode left on?"
                : "FIRST: was a key or a policy rotated? Is it only ours, or every client's?";
}

// "2026-09-16 23:40"
std::string day_and_minute(WallTime at) {
  std::string text = model::rfc3339(at).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string missing_text(const Incident& i) {
  const Evidence& e = i.evidence;
  if (e.altered) return "A sentinel holds something else than was written";
  if (e.signals.sentinel == model::Sentinel::reset) return "Sentinels went back to an older state";
  if (e.signals.sentinel == model::Sentinel::missing || e.rungs_missing > 0) {
    return std::to_string(e.rungs_missing) + " of " + count(e.rungs_expected, "sentinel") + " missing";
  }
  return "A write that was acknowledged is gone";
}

void loss(const Incident& i, WallTime now, VerdictText& t) {
  const Evidence& e = i.evidence;
  const bool minor = i.alarm == model::Alarm::notify;
  if (minor) {
    t.headline = std::to_string(e.rungs_missing) + " of " + std::to_string(e.rungs_expected) +
                 " test records is gone: a clean-up job?";
  }
  t.body.push_back(missing_text(i) + ", first missed " + model::clock_utc(e.since) + " (" +
                   (now > e.since ? model::for_people(now - e.since) + " ago" : "just now") +
                   "), confirmed by a second read.");
  if (e.step == "known record") {
    t.body.push_back("A known record is gone: " + e.detail + '.');
  } else if (e.container_gone) {
    t.body.push_back("The table or container itself does not exist any more: deleted?");
  } else if (!minor && e.newest_surviving && e.oldest_missing) {
    t.body.push_back(
        "Newest surviving record " + day_and_minute(*e.newest_surviving) + ", oldest missing " +
        day_and_minute(*e.oldest_missing) +
        " UTC: everything written in between or later is gone. It looks restored from an old backup.");
  } else if (e.altered) {
    t.body.push_back("Somebody or something has changed it: a migration, a clean-up job, an anonymiser?");
  } else if (e.signals.sentinel == model::Sentinel::reset) {
    t.body.push_back("It looks restored from an old backup.");
  } else if (e.rungs_expected > 0 && e.rungs_missing >= e.rungs_expected) {
    t.body.push_back("It looks recreated empty.");
  }
  if (!minor && e.signals.client == model::Client::ok && e.signals.write == model::Write::ok) {
    t.body.push_back("Pages and new writes work, so other checks are green.");
  }
  add_clients(i, t);
  t.first = minor ? "FIRST: which job deletes old records, and may it? Then: deadcalm sentinels accept " +
                        i.subject.name + '.'
                  : "FIRST: stop clean-up jobs, migrations and client re-sync, take a snapshot of what is "
                    "there, then restore. Does not clear itself: deadcalm sentinels accept " +
                        i.subject.name + '.';
}

void stale(const Incident& i, WallTime now, VerdictText& t) {
  const Evidence& e = i.evidence;
  std::string text = e.truth_measured ? "Writes are verified" : "Clients answer";
  if (e.client_data_age) {
    text += ", the newest data that clients see is " + model::for_people(*e.client_data_age) + " old";
    if (e.stale_limit) text += " (limit " + model::for_people(*e.stale_limit) + ')';
  }
  t.body.push_back(text + ", since " + model::clock_utc(e.since) +
                   (now > e.since ? " (" + model::for_people(now - e.since) + ')' : "") + '.');
  add_clients(i, t);
  t.first = "FIRST: purge the CDN path; check the sync service; which release do the apps run?";
}

void disputed(const Incident& i, WallTime now, VerdictText& t) {
  const Evidence& e = i.evidence;
  const bool others_write = e.signals.traffic == model::Traffic::active;
  if (!others_write) t.headline = "our test write fails, customers' writes are not known";
  t.body.push_back((others_write ? "Likely our probe: " : "Our probe, or everybody's writes: ") +
                   std::string("failing ") + since_text(i, now) + '.');
  if (others_write && e.traffic_observed > 0) {
    t.body.push_back("In the same time " + std::to_string(std::llround(e.traffic_observed)) +
                     " real writes were committed.");
  }
  add_last_good(e, t);
  if (i.alarm == model::Alarm::notify) {
    t.body.push_back(others_write ? "Pages if it lasts, or at once when real writes stop."
                                  : "Pages if it lasts.");
  }
  t.first = "FIRST: the canary's credential, the last deploy, a changed API, a firewall?";
}

void degraded(const Incident& i, WallTime now, VerdictText& t) {
  const Evidence& e = i.evidence;
  t.first = "FIRST: the read path or a replica?";
  if (e.signals.read_back == model::ReadBack::fail) {
    t.headline = "writes accepted, READING BACK FAILS";
  } else if (e.slow) {
    t.headline = "writes work, but SLOWLY";
    if (e.cycle_time) t.body.push_back("A verified cycle took " + model::for_people(*e.cycle_time) + '.');
    t.first = "FIRST: load, locks, a full connection pool?";
  } else if (e.signals.write == model::Write::throttle) {
    t.headline = "writes are THROTTLED";
    t.first = "FIRST: rate limits, capacity, a firewall that challenges us?";
  } else if (e.signals.cache == model::Cache::on_error) {
    t.headline = "writes work, the edge serves old copies because its origin fails";
    t.first = "FIRST: the way from the CDN to the origin?";
  }
  t.body.push_back(upper_first(since_text(i, now)) + '.');
  add_clients(i, t);
}

void quiet(const Incident& i, VerdictText& t) {
  const Evidence& e = i.evidence;
  std::string text = "Expected " + std::to_string(std::llround(e.traffic_expected)) + " writes by customers";
  text += e.traffic_observed < 0.5 ? ", saw none since "
                                   : ", saw " + std::to_string(std::llround(e.traffic_observed)) + " since ";
  text += model::clock_utc(e.since);
  if (e.traffic_observed < 0.5 && e.traffic_expected > 0) {
    // No event of a Poisson process in a window with mean n: exp(-n).
    const double odds = std::exp(std::min(e.traffic_expected, 13.8));
    text +=
        "; the chance of that by luck is 1 in " +
        (e.traffic_expected > 13.8 ? std::string("more than a million") : std::to_string(std::llround(odds)));
  }
  t.body.push_back(text + '.');
  add_clients(i, t);
  add_last_good(e, t);
  t.first =
      "FIRST: a holiday, a campaign that ended, or something before the write (login, front end, app "
      "release)?";
}

std::string plain_headline(Verdict verdict) {
  switch (verdict) {
    case Verdict::masked_outage: return "SAVING IS DOWN, apps still look fine (cache)";
    case Verdict::visible_outage: return "DOWN, clients see errors";
    case Verdict::backend_outage: return "SAVING IS DOWN, clients' view not known yet";
    case Verdict::read_only: return "SAVING IS REFUSED, reading works";
    case Verdict::auth_broken: return "OUR WRITES ARE REFUSED (401/403)";
    case Verdict::data_loss: return "RECORDS ARE GONE though everything answers";
    case Verdict::stale_clients: return "backend OK, clients do not get new data";
    case Verdict::disputed: return "our test write fails, customers' writes go through";
    case Verdict::degraded: return "impaired, writes still accepted";
    case Verdict::suspect_silence: return "unusually quiet";
    case Verdict::monitor_blind: return "not visible from here, which says nothing about it";
    case Verdict::unknown: return "cannot be judged";
    case Verdict::healthy: return "healthy";
  }
  return {};
}

}  // namespace

std::string cause_text(const Evidence& e) {
  if (e.step.empty() || e.detail.empty()) return e.detail;
  return e.detail + " at \"" + e.step + '"';
}

std::string since_text(const Incident& i, WallTime now) {
  return "since " + model::clock_utc(i.evidence.since) + " (" + lasted_text(i.evidence, now) + ')';
}

std::string clients_text(const Incident& i) {
  const Evidence& e = i.evidence;
  std::string text;
  const auto add = [&](const std::string& part, const char* separator) {
    if (!text.empty()) text += separator;
    text += part;
  };
  if (e.client_status > 0) add(std::to_string(e.client_status), "");
  if (e.client_status == 0 && e.signals.client == model::Client::fail) add("no answer", "");
  switch (e.client_cache) {
    case model::CacheClass::cache_fresh:
    case model::CacheClass::cache_stale: add("from cache", " "); break;
    case model::CacheClass::stale_on_error: add("from cache, because the origin fails", " "); break;
    case model::CacheClass::origin: add("from the origin", " "); break;
    case model::CacheClass::unknown: break;
  }
  if (!e.cache_evidence.empty()) add('(' + e.cache_evidence + ')', " ");
  if (e.client_data_age) add("data " + model::for_people(*e.client_data_age) + " old", ", ");
  if (e.beacon_clients > 0) {
    add(std::to_string(e.beacon_on_cache) + " of " + std::to_string(e.beacon_clients) + " apps on cache",
        "; ");
    if (e.beacon_dropped > 0) add(count(e.beacon_dropped, "write") + " dropped", ", ");
    if (e.beacon_waiting > 0) add(std::to_string(e.beacon_waiting) + " waiting", ", ");
  }
  return text;
}

VerdictText service_text(const Incident& i, WallTime now) {
  VerdictText t;
  t.headline = plain_headline(i.verdict);
  switch (i.verdict) {
    case Verdict::masked_outage:
    case Verdict::backend_outage: outage(i, now, t); break;
    case Verdict::visible_outage: visible(i, now, t); break;
    case Verdict::read_only:
    case Verdict::auth_broken: refused(i, now, t); break;
    case Verdict::data_loss: loss(i, now, t); break;
    case Verdict::stale_clients: stale(i, now, t); break;
    case Verdict::disputed: disputed(i, now, t); break;
    case Verdict::degraded: degraded(i, now, t); break;
    case Verdict::suspect_silence: quiet(i, t); break;
    case Verdict::healthy:
    case Verdict::monitor_blind:
    case Verdict::unknown: t.body.push_back(upper_first(since_text(i, now)) + '.'); break;
  }
  return t;
}

}  // namespace deadcalm::alerting
