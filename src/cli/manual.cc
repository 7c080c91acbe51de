// SPDX-License-Identifier: Apache-2.0
// Man pages, shell completion and the reference of all commands, from the very options that --help shows.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/session.h"
#include "io/file.h"

namespace murine {
namespace {

// One line a command or option: what it is called, and what is said of it.
struct Entry {
  std::string name, words;
};

std::vector<Entry> OptionsOf(const CLI::App& command) {
  std::vector<Entry> entries;
  for (const CLI::Option* option : command.get_options()) {
    const bool bare = option->get_positional();
    std::string name = bare ? option->get_name(true, false) : option->get_name(false, true);
    if (!bare && option->get_items_expected_max() > 0)
      name += " " + (option->get_type_name().empty() ? "VALUE" : option->get_type_name());
    std::string words = option->get_description();
    // what a flag, an empty text or an empty list begins with says nothing
    const std::string& start = option->get_default_str();
    if (!start.empty() && start != "[]" && start != "\"\"") words += fmt::format(" (default: {})", start);
    if (option->get_required()) words += " (required)";
    entries.push_back({name, words});
  }
  return entries;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); }))
    commands.push_back(command);
  return commands;
}

// Every command and the commands inside it, with their whole names.
void ForEachCommand(const CLI::App& app, const std::string& prefix,
                    const std::function<void(const std::string& name, const CLI::App& command)>& use) {
  for (const CLI::App* command : CommandsOf(app)) {
    const std::string name = prefix + command->get_name();
    use(name, *command);
    ForEachCommand(*command, name + " ", use);
  }
}

std::string Replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// Text that troff takes as it is.
std::string Roff(const std::string& text) {
  std::string escaped = Replaced(Replaced(text, "\\", "\\e"), "-", "\\-");
  escaped = Replaced(escaped, "\n.", "\n\\&.");
  escaped = Replaced(escaped, "\n'", "\n\\&'");
  return escaped.starts_with('.') || escaped.starts_with('\'') ? "\\&" + escaped : escaped;
}

std::string Dashed(const std::string& name) { return Replaced(name, " ", "-"); }

std::string ManPage(const std::string& name, const CLI::App& command) {
  std::string page = fmt::format(
      ".TH {} 1 \"\" \"murine {}\" \"murine\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n", Dashed(name),
      MURINE_VERSION, Roff(Dashed(name)), Roff(Replaced(command.get_description(), "\n", " ")), Roff(name));
  const std::vector<const CLI::App*> inner = CommandsOf(command);
  page += inner.empty() ? "[options]\n" : "COMMAND [options]\n";
  if (!inner.empty()) page += ".SH COMMANDS\n";
  for (const CLI::App* each : inner)
    page += fmt::format(".TP\n.B {}\n{}\n", Roff(each->get_name()),
                        Roff(Replaced(each->get_description(), "\n", " ")));
  page += ".SH OPTIONS\n";
  for (const Entry& entry : OptionsOf(command))
    page += fmt::format(".TP\n.B {}\n{}\n", Roff(entry.name), Roff(entry.words));
  if (!command.get_footer().empty())
    page +=
        fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", Roff(Replaced(command.get_footer(), "Examples:\n", "")));
  return page;
}

std::string Reference(const CLI::App& app) {
  std::string text =
      "# Every command and option\n\nWritten by `murine manual` from what `--help` shows; a test compares "
      "the two. "
      "[experiments.md](experiments.md) tells how commands make up an experiment.\n";
  ForEachCommand(app, "", [&](const std::string& name, const CLI::App& command) {
    text += fmt::format("\n## murine {}\n\n{}\n\n", name, command.get_description());
    text += "| option | what |\n| --- | --- |\n";
    for (const Entry& entry : OptionsOf(command))
      text += fmt::format("| `{}` | {} |\n", Replaced(entry.name, "|", "\\|"),
                          Replaced(Replaced(entry.words, "|", "\\|"), "\n", " "));
    const std::string examples = Replaced(command.get_footer(), "Examples:\n", "");
    if (!examples.empty()) text += "\n" + Replaced("\n" + examples, "\n  ", "\n    ").substr(1);
    if (!text.ends_with('\n')) text += '\n';
  });
  return text;
}

std::string Completion(const CLI::App& app) {
  std::string commands, cases;
  for (const CLI::App* command : CommandsOf(app))
    commands += (commands.empty() ? "" : " ") + command->get_name();
  ForEachCommand(app, "", [&](const std::string& name, const CLI::App& command) {
    std::string words;
    for (const CLI::App* inner : CommandsOf(command)) words += inner->get_name() + " ";
    for (const CLI::Option* option : command.get_options())
      for (const std::string& each : option->get_lnames()) words += "--" + each + " ";
    // an inner command comes before the one that it is in, whose pattern fits it as well
    cases = fmt::format("    '{} '*) words=\"{}\" ;;\n", name, words) + cases;
  });
  return fmt::format(
      "# bash completion of murine, written by `murine manual`\n"
      "_murine() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} words=\n"
      "  case \"${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}} \" in\n{}  esac\n"
      "  [ \"$COMP_CWORD\" = 1 ] && words=\"{}\"\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -o default -F _murine murine\n",
      cases, commands);
}

void WriteManual(const CLI::App& app, const std::filesystem::path& folder) {
  WriteFileAtomically(folder / "man1" / "murine.1", ManPage("murine", app));
  ForEachCommand(app, "murine ", [&](const std::string& name, const CLI::App& command) {
    WriteFileAtomically(folder / "man1" / (Dashed(name) + ".1"), ManPage(name, command));
  });
  WriteFileAtomically(folder / "murine.bash", Completion(app));
  WriteFileAtomically(folder / "commands.md", Reference(app));
}

}  // namespace

void AddManual(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "manual", "Writes man pages, shell completion and the reference of all commands",
      "  murine manual --out manual\n");
  auto out = std::make_shared<std::string>();
  command->add_option("--out", *out, "folder to write into")->check(OutPlace())->required();
  session.TakeSeed(command);
  session.Run(command, [out, &app, &session] {
    WriteManual(app, *out);
    session.Show({{"manual", *out}}, "manual written to " + *out);
  });
}

}  // namespace murine
