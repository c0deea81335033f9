#include "config/load.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "config/yaml.h"

namespace deadcalm::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kMissing = "give its path with -c FILE (in a container: mount its folder there)";

Options decode(const Node& tree, const KnownTypes& types, Context& context) {
  Options options;
  Reader root(tree, context);
  decode_site(root, options);
  options.anchors = decode_anchors(root);

  // Those who can be told come first, since everything below names them.
  Addressees known;
  options.channels = decode_channels(root, types);
  for (const ChannelOptions& channel : options.channels) known.channels.push_back(channel.name);
  options.escalations = decode_escalations(root, known);
  for (const EscalationOptions& escalation : options.escalations)
    known.escalations.push_back(escalation.name);

  options.defaults = decode_defaults(root, known);
  options.services = decode_services(root, options.defaults, types, known);
  root.finish();
  // After a fault something may well be unused only because its user could not be read.
  if (!context.faults().any())
    warn_about_unused(options.channels, options.escalations, known, tree, context.faults());
  return options;
}

Loaded empty_load(std::string text, const std::string& file, const Environment& environment) {
  auto source = std::make_shared<const Source>(Source{file, std::move(text)});
  return {.options = std::nullopt,
          .faults = Faults(source),
          .secrets = {},
          .environment = environment,
          .base_dir = std::filesystem::path(file).parent_path().string()};
}

}  // namespace

Loaded load_text(std::string text, const std::string& file, const Environment& environment,
                 const KnownTypes& types) {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  Loaded loaded = empty_load(std::move(text), file, environment);
  const auto tree = parse_yaml(*loaded.faults.source(), loaded.faults);
  if (!tree) return loaded;
  if (!tree->is_map()) {
    loaded.faults.add(*tree,
                      "a configuration is a map (key: value), found " + std::string(describe(tree->kind)));
    return loaded;
  }
  Context context = loaded.context();
  loaded.options = decode(*tree, types, context);
  return loaded;
}

Loaded load_file(const std::string& file, const Environment& environment, const KnownTypes& types) {
  const auto unreadable = [&](const std::string& why, std::string_view hint = {}) {
    Loaded loaded = empty_load({}, file, environment);
    loaded.faults.add(Mark{}, {}, "cannot read the file: " + why, hint);
    return loaded;
  };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return unreadable("it is a directory");
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const int why = errno;
    return unreadable(why_unreadable(why), why == ENOENT ? kMissing : std::string_view());
  }
  std::string text;
  // One byte more than the limit tells parse_yaml that there is too much; a device has no end.
  std::string piece(std::size_t{64} << 10U, '\0');
  while (in && text.size() <= kMaxFileBytes) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return unreadable("it breaks off");
  return load_text(std::move(text), file, environment, types);
}

}  // namespace deadcalm::config
