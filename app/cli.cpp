#include "app/cli.h"

#include <CLI/CLI.hpp>

#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/evaluate.h"
#include "model/duration.h"

namespace deadcalm::app {
namespace {

using model::CommandKind;

// A command that is one line in the inbox.
struct Told {
  const char* name;  // on the command line, groups as "maintenance start"
  CommandKind kind;
  const char* help;
  bool takes_duration;  // required positional FOR, or --for
  bool may_be_all;      // --all instead of a service
};

constexpr Told kTold[] = {
    {"silence", CommandKind::silence, "hold back the service's pages for a while (its resolve is still sent)",
     true, false},
    {"unsilence", CommandKind::unsilence, "end a silence early", false, false},
    {"maintenance start", CommandKind::maintenance_start,
     "a planned window; with --expect-reset new data is accepted", true, false},
    {"maintenance end", CommandKind::maintenance_end, "end it early", false, false},
    {"deploy start", CommandKind::deploy_start, "be more patient during a deploy; mutes nothing", true,
     false},
    {"sentinels accept", CommandKind::sentinels_accept,
     "the present data is the new generation (ends data_loss)", false, false},
    {"sentinels drop", CommandKind::sentinels_drop, "remove everything of ours and stop writing", false,
     false},
    {"pause-writes", CommandKind::pause_writes, "stop planting at once, still remove", false, true},
    {"resume-writes", CommandKind::resume_writes, "plant again", false, true},
    {"page-test", CommandKind::page_test, "one test page to everybody the service pages", false, false},
    {"ack", CommandKind::acknowledge, "I am on it: stop escalating this service's incident", false, false},
    {"resolve", CommandKind::resolve, "close the incident by hand; it opens again if still bad", false,
     false},
};

struct ToldArguments {
  std::string service, duration, reason;
  bool all = false, expect_reset = false;
};

CLI::App* subcommand(CLI::App& app, const std::string& path, const char* help) {
  const std::size_t space = path.find(' ');
  if (space == std::string::npos) return app.add_subcommand(path, help);
  const std::string group = path.substr(0, space);
  CLI::App* parent = nullptr;
  try {
    parent = app.get_subcommand(group);
  } catch (const CLI::OptionNotFound&) {
    parent = app.add_subcommand(group, group + " commands");
    parent->require_subcommand(1);
  }
  return parent->add_subcommand(path.substr(space + 1), help);
}

void add_told(CLI::App& app, const Told& told, ToldArguments& arguments, const GlobalFlags& flags,
              int& code) {
  CLI::App* command = subcommand(app, told.name, told.help);
  auto* service = command->add_option("service", arguments.service, "the service's name");
  if (told.may_be_all) {
    command->add_flag("--all", arguments.all, "every service")->excludes(service);
  } else {
    service->required();
  }
  if (told.takes_duration) {
    const bool by_flag = told.kind != CommandKind::silence;
    auto* option =
        command->add_option(by_flag ? "--for" : "for", arguments.duration, "how long: 30m, 2h, 1h30m");
    if (told.kind != CommandKind::maintenance_start) option->required();
  }
  command->add_option("--reason", arguments.reason, "shown to everybody who is told");
  if (told.kind == CommandKind::maintenance_start) {
    command->add_flag("--expect-reset", arguments.expect_reset,
                      "data will be recreated: accept it as the new generation");
  }
  command->callback([&told, &arguments, &flags, &code] {
    model::Command out;
    out.kind = told.kind;
    out.service = arguments.service;
    out.reason = arguments.reason;
    out.expect_reset = arguments.expect_reset;
    if (arguments.service.empty() && !arguments.all) throw CLI::RequiredError("a service, or --all");
    if (!arguments.duration.empty()) {
      const auto duration = model::parse_duration(arguments.duration);
      if (!duration)
        throw CLI::ValidationError("for", '"' + arguments.duration + "\" is not a duration like 30m or 2h");
      out.until = model::WallTime{} + *duration;  // counted from now when it is noted
    }
    code = tell(flags, out, std::cout, std::cerr);
  });
}

// CLI11 says only that a command is missing; people mistype.
std::string unknown_command(CLI::App& app, const std::string& typed) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == typed) return {};
    names.push_back(command->get_name());
  }
  const std::string hint = config::did_you_mean(typed, names);
  return "deadcalm: no command \"" + typed + "\"; " + (hint.empty() ? "deadcalm --help lists them" : hint);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"deadcalm: a monitor for outages that look peaceful"};
  app.set_version_flag("--version", "deadcalm " DEADCALM_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  GlobalFlags flags;
  int code = kDone;
  app.add_option("-c,--config.file", flags.config_file, "the configuration (deadcalm.yaml)");
  app.add_option("--log.level", flags.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.add_option("--log.format", flags.log_format, "text or json")->check(CLI::IsMember({"text", "json"}));

  app.add_subcommand("run", "watch, until SIGTERM or SIGINT")->callback([&] {
    code = run_daemon(flags, std::cout, std::cerr);
  });
  app.add_subcommand("check", "say what the configuration promises, or all that is wrong with it")
      ->callback([&] { code = check(flags, std::cout, std::cerr); });

  std::string service;
  bool dry_run = false;
  auto* probe =
      app.add_subcommand("probe", "look once at a service, every step shown; leaves nothing behind");
  probe->add_option("service", service, "the service's name")->required();
  probe->add_flag("--dry-run", dry_run, "print every request as it would be sent, and send nothing");
  probe->callback([&] { code = probe_once(flags, service, dry_run, std::cout, std::cerr); });

  std::string ledger_service;
  bool find = false;
  auto* show_ledger = app.add_subcommand("ledger", "what of ours is in the backends, from the store");
  show_ledger->add_option("service", ledger_service, "the service's name; without it all");
  show_ledger->add_flag("--find", find, "also ask the backends what is there, other instances' records too");
  show_ledger->callback([&] { code = ledger(flags, ledger_service, find, std::cout, std::cerr); });

  bool as_json = false;
  auto* show = app.add_subcommand("status", "what the running deadcalm says");
  show->add_flag("--json", as_json, "as JSON");
  show->callback([&] { code = status(flags, as_json, std::cout, std::cerr); });
  app.add_subcommand("healthcheck", "exit 0 if the running deadcalm is healthy")->callback([&] {
    code = healthcheck(flags, std::cout, std::cerr);
  });
  app.add_subcommand("evaluate", "judge signals given as JSON objects, one a line, on standard input")
      ->callback([&] { code = evaluate_command(std::cin, std::cout, std::cerr); });
  int seconds = 0;
  auto* show_demo =
      app.add_subcommand("demo", "watch a small shop on this machine lose its whole environment");
  show_demo->add_option("--seconds", seconds, "end after this time instead of at Ctrl-C")
      ->check(CLI::NonNegativeNumber);
  show_demo->callback([&] { code = demo(flags, seconds, std::cout, std::cerr); });
  app.add_subcommand("version", "print the version")->callback([] {
    std::cout << "deadcalm " DEADCALM_VERSION "\n";
  });

  ToldArguments arguments;
  for (const Told& told : kTold) add_told(app, told, arguments, flags, code);

  if (argc == 1) {
    std::cout << app.help();
    return kBadUsage;
  }
  if (argv[1][0] != '-') {
    if (const std::string wrong = unknown_command(app, argv[1]); !wrong.empty()) {
      std::cerr << wrong << '\n';
      return kBadUsage;
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kBadUsage;
  } catch (const std::exception& e) {
    std::cerr << "deadcalm: " << e.what() << '\n';
    return kFailed;
  }
  return code;
}

}  // namespace deadcalm::app
