// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include <fmt/format.h>

#include "base/error.h"
#include "io/file.h"
#include "io/integrity.h"
#include "report/assets.h"
#include "report/figures.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostBytes = int64_t{1} << 28;  // of a results file; a page far below could not be shown

// JSON that an HTML parser sees as plain text whatever is in it: no "</script>", no "<!--", no line
// separators.
std::string EmbeddedJson(const Json& value) {
  // ASCII only, so that U+2028 and U+2029 are escaped as well; names that are no UTF-8 still make a page
  const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string escaped;
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&')
      escaped += fmt::format("\\u{:04x}", static_cast<int>(c));
    else
      escaped += c;
  }
  return escaped;
}

std::string EscapedHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&' || c == '"')
      escaped += fmt::format("&#{};", static_cast<int>(c));
    else
      escaped += c;
  }
  return escaped;
}

// page.html with every {{name}} replaced. What is put in is not searched again, so that no name in the
// results can ask for a part.
std::string Page(const Json& figures) {
  const std::string_view page = Asset("page.html");
  std::string text;
  size_t done = 0;
  for (size_t open; (open = page.find("{{", done)) != page.npos;) {
    const size_t close = page.find("}}", open);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    text += page.substr(done, open - done);
    if (name == "figures")
      text += EmbeddedJson(figures);
    else if (name == "title")
      text += EscapedHtml(figures["title"].get<std::string>());
    else
      text += Asset(name);
    done = close + 2;
  }
  return text += page.substr(done);
}

NamedResults ReadResults(const std::string& typed) {
  fs::path file = fs::absolute(typed).lexically_normal();
  if (!file.has_filename()) file = file.parent_path();
  if (fs::is_directory(file)) {
    file /= "results.json";
    if (!fs::exists(file))
      throw Error({.what = "no results in the folder",
                   .where = typed,
                   .expected = "results.json",
                   .hint = "it is there once the run has finished"});
  }
  // results.json is every folder's name for them: the folder says whose they are
  const bool nameless = file.filename() == "results.json";
  const fs::path name = nameless ? file.parent_path().filename() : file.stem();
  const fs::path picture = file.string() + ".images.png";
  const fs::path beside = nameless ? file.parent_path() : file;
  // a target is described beside its array, an encoding model beside its weights
  if (file.extension() == ".npy") file.replace_extension(".json");
  if (file.extension() == ".safetensors") file += ".figures.json";
  const std::string where = file.string();
  Json results = ParseHashedJson(ReadFile(file, kMostBytes), where).value;
  // a results file that was copied without the tables beside it still makes a page
  if (results.is_object()) CheckBeside(file, results.value("files", Json()), Missing::kAccept);
  return {.where = where,
          .name = name.empty() ? "results" : name.string(),
          .results = std::move(results),
          .path = beside,
          .png = fs::exists(picture) ? ReadFile(picture, kMostBytes) : ""};
}

// Only a report may be replaced: a results file typed after --out would be lost.
void CheckReplaceable(const fs::path& out) {
  if (!fs::exists(out)) return;
  const std::string_view page = Asset("page.html");
  const std::string_view head = page.substr(0, page.find("<html"));
  if (ReadFile(out).substr(0, head.size()) != head)
    throw Error({.what = "the output is there and is no report",
                 .where = out.string(),
                 .hint = "name another --out or remove it"});
}

}  // namespace

std::string ReportPage(const Json& results, const std::string& name, const fs::path& folder) {
  return Page(FiguresOf({{name, name, results, folder}}));
}

std::string LivePage(const std::vector<std::string>& paths, const std::string& title,
                     const std::vector<std::string>& notes) {
  std::vector<NamedResults> sources;
  std::vector<std::string> all_notes = notes;
  for (const std::string& path : paths) try {
      NamedResults source = ReadResults(path);
      FiguresOf({source});  // refused alone, it does not take the others with it
      sources.push_back(std::move(source));
    } catch (const Error& fault) {
      all_notes.push_back(fmt::format("Not shown: {}.", fault.what()));
    }
  if (sources.empty())
    all_notes.push_back("Nothing has finished yet. This page shows what does as soon as it does.");
  Json figures = sources.empty() ? NoFigures() : FiguresOf(sources);
  if (figures["title"] == NoFigures()["title"]) figures["title"] = title;
  for (const std::string& note : all_notes) figures["notes"].push_back(note);
  return Page(figures);
}

Json MakeReport(const ReportOptions& options, const fs::path& out) {
  if (options.paths.empty())
    throw Error(
        {.what = "no results named", .expected = "files or folders to report", .kind = ErrorKind::kUsage});
  CheckReplaceable(out);
  std::vector<NamedResults> sources;
  for (const std::string& path : options.paths) sources.push_back(ReadResults(path));
  const Json figures = FiguresOf(sources);
  WriteFileAtomically(out, Page(figures));
  return {{"report", out.filename().string()}, {"conditions", figures["conditions"].size()}};
}

}  // namespace murine
