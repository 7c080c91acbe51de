// SPDX-License-Identifier: Apache-2.0
#include "robustness/suite.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "nn/load_classifier.h"
#include "nn/tensor.h"
#include "robustness/pgd.h"
#include "robustness/test_spec.h"

namespace murine {
namespace {

// One test at one level: how it changes a batch, and how the result names it.
struct Test {
  Json entry;
  std::function<torch::Tensor(const AttackInput&)> apply;
};

// Wilson's interval (1927, doi 10.1080/01621459.1927.10502953) at 95 %.
Json WilsonInterval(double successes, double n) {
  constexpr double z = 1.959964;
  const double p = successes / n, centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

torch::Tensor Noisy(const AttackInput& input, Noise kind, double level, uint64_t seed) {
  torch::Tensor noisy = input.images.clone();
  const int64_t size = noisy.numel() / noisy.size(0);
  for (int64_t i = 0; i < noisy.size(0); ++i)
    AddNoise(kind, level, Values(noisy).subspan(static_cast<size_t>(i * size), static_cast<size_t>(size)),
             seed, input.index[i].item<int64_t>());
  return noisy;
}

std::vector<Test> MakeTests(const EvaluateOptions& options, const Classifier& classifier) {
  std::vector<Test> tests;
  for (const NoiseTest& test : ParseNoiseTests(options.noise))
    for (const double level : test.levels)
      tests.push_back(
          {{{"name", std::string(NameOf(test.kind))}, {"norm", nullptr}, {"level", level}},
           [=](const AttackInput& input) { return Noisy(input, test.kind, level, options.seed); }});
  for (const AttackTest& test : ParseAttackTests(options.attacks))
    for (const double epsilon : test.epsilons) {
      Json entry = {{"name", std::string(NameOf(test.kind))},
                    {"norm", std::string(NameOf(test.norm))},
                    {"epsilon", epsilon}};
      if (test.kind == AttackName::kFgsm) {
        tests.push_back({entry, [=, &classifier](const AttackInput& input) {
                           return Fgsm(classifier, input, test.norm, epsilon).adversarial;
                         }});
        continue;
      }
      const PgdOptions pgd{.steps = static_cast<int>(options.pgd_steps),
                           .relative_step = 2.5 / static_cast<double>(options.pgd_steps),
                           .restarts = static_cast<int>(options.restarts),
                           .seed = options.seed};
      entry["steps"] = options.pgd_steps;
      entry["restarts"] = options.restarts;
      tests.push_back({entry, [=, &classifier](const AttackInput& input) {
                         return Pgd(classifier, input, test.norm, epsilon, pgd).adversarial;
                       }});
    }
  return tests;
}

void CheckFits(const ImageSet& images, const Classifier& classifier, const std::string& data) {
  if (images.labels.empty()) throw Error({.what = "images without labels", .where = data});
  if (images.channels != classifier.channels)
    throw Error({.what = "the model sees images of other channels",
                 .where = data,
                 .expected = fmt::format("{}", classifier.channels),
                 .got = fmt::format("{}", images.channels),
                 .hint = classifier.channels == 3 ? "add --color" : "leave --color away"});
  for (size_t i = 0; i < images.labels.size(); ++i)
    if (images.labels[i] >= classifier.classes)
      throw Error({.what = "label outside the model's classes",
                   .where = fmt::format("{}, image {}", data, i),
                   .expected = fmt::format("0 to {}", classifier.classes - 1),
                   .got = fmt::format("{}", images.labels[i])});
}

class Suite {
 public:
  Suite(const ImageSet& images, const Classifier& classifier, int64_t batch)
      : images_(images), classifier_(classifier), batch_(batch) {}

  // Which images are classified correctly after the test, as a text of 0 and 1.
  std::string Run(const Test& test, const std::string& what) {
    std::string correct;
    int64_t sum = 0;
    Progress progress(what, images_.count(), "images");
    for (int64_t first = 0; first < images_.count(); first += batch_) {
      if (InterruptRequested()) ThrowInterrupted("the finished tests are saved");
      const AttackInput input = Input(first, std::min(first + batch_, images_.count()));
      const torch::Tensor good = Correct(classifier_, input, test.apply(input));
      for (int64_t i = 0; i < good.size(0); ++i) {
        correct += good[i].item<bool>() ? '1' : '0';
        sum += good[i].item<bool>();
      }
      const auto done = static_cast<int64_t>(correct.size());
      progress.Update(done,
                      fmt::format("accuracy {:.3f}", static_cast<double>(sum) / static_cast<double>(done)));
    }
    return correct;
  }

  std::vector<int64_t> Predictions() {
    torch::NoGradGuard no_grad;
    std::vector<int64_t> predictions;
    for (int64_t first = 0; first < images_.count(); first += batch_) {
      const AttackInput input = Input(first, std::min(first + batch_, images_.count()));
      Correct(classifier_, input, input.images);  // refuses logits that are not finite
      const torch::Tensor classes = classifier_.logits(input.images).argmax(1);
      predictions.insert(predictions.end(), classes.data_ptr<int64_t>(),
                         classes.data_ptr<int64_t>() + classes.numel());
    }
    return predictions;
  }

 private:
  AttackInput Input(int64_t first, int64_t last) const {
    std::vector<int64_t> labels;
    for (int64_t i = first; i < last; ++i) labels.push_back(images_.labels[static_cast<size_t>(i)]);
    return {ToTensor(images_.Floats(first, last),
                     {last - first, images_.channels, images_.height, images_.width}),
            ToTensor(std::span<const int64_t>(labels)), torch::arange(first, last)};
  }

  const ImageSet& images_;
  const Classifier& classifier_;
  int64_t batch_;
};

std::string TestName(const Json& entry) {
  const auto name = entry["name"].get<std::string>();
  if (!entry.contains("epsilon")) return fmt::format("{}:{:.4g}", name, entry["level"].get<double>());
  return fmt::format("{}:{}:{:.4g}", name, entry["norm"].get<std::string>(), entry["epsilon"].get<double>());
}

// Adds to a test's entry what came out of it.
void AddScores(Json& entry, const std::string& correct, const std::string& clean) {
  double good = 0, clean_good = 0, flipped = 0;
  for (size_t i = 0; i < correct.size(); ++i) {
    good += correct[i] == '1';
    clean_good += clean[i] == '1';
    flipped += clean[i] == '1' && correct[i] == '0';
  }
  const auto n = static_cast<double>(correct.size());
  entry["n"] = correct.size();
  entry["clean_accuracy"] = clean_good / n;
  entry["accuracy"] = good / n;
  entry["interval"] = WilsonInterval(good, n);
  entry["success_rate"] = clean_good > 0 ? Json(flipped / clean_good) : Json(nullptr);
}

void WriteImages(const std::filesystem::path& path, const ImageSet& images,
                 const std::vector<int64_t>& predictions,
                 const std::vector<std::pair<std::string, std::string>>& columns) {
  std::string csv = "index,label,clean_prediction";
  for (const auto& [name, correct] : columns) csv += "," + name;
  csv += "\n";
  for (size_t i = 0; i < predictions.size(); ++i) {
    csv += fmt::format("{},{},{}", i, images.labels[i], predictions[i]);
    for (const auto& [name, correct] : columns) csv += fmt::format(",{}", correct[i]);
    csv += '\n';
  }
  WriteFileAtomically(path, csv);
}

// The tests that an earlier, interrupted call has finished: name -> correct.
std::map<std::string, std::string> ReadPartial(const std::filesystem::path& partial, const Json& config,
                                               int64_t n) {
  std::map<std::string, std::string> finished;
  if (!std::filesystem::exists(partial)) return finished;
  const std::vector<Json> lines = ReadJsonLines(partial);
  if (lines.empty()) return finished;
  RefuseOtherConfig(lines[0].value("config", Json::object()), config, partial);
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto correct = lines[i].value("correct", std::string());
    if (static_cast<int64_t>(correct.size()) == n) finished[lines[i].value("test", std::string())] = correct;
  }
  return finished;
}

struct Prepared {
  Classifier classifier;
  ImageSet images;
  Json config;
};

Prepared Prepare(const EvaluateOptions& options) {
  if (options.data.empty())
    throw Error({.what = "--data is missing", .expected = "a labelled image set", .kind = ErrorKind::kUsage});
  if (options.batch < 1 || options.pgd_steps < 1 || options.restarts < 1)
    throw Error({.what = "--batch, --pgd-steps and --restarts are at least 1", .kind = ErrorKind::kUsage});
  Prepared prepared{LoadClassifier(options.model), {}, OptionsToJson(options)};
  const Classifier& classifier = prepared.classifier;
  prepared.images =
      LoadImages(options.data, {.split = Split::kTest, .color = options.color ? Color::kKeep : Color::kGray});
  CheckFits(prepared.images, classifier, options.data);
  prepared.config.erase("batch");
  prepared.config["model"] = classifier.hash;
  prepared.config["data"] = ImageSetSpec::Parse(options.data).Identity();
  prepared.config["data_hash"] = LabelledHash(prepared.images);
  prepared.config["resized"] = nullptr;
  if (prepared.images.height != classifier.height || prepared.images.width != classifier.width) {
    const std::string size = fmt::format("{}x{}", classifier.height, classifier.width);
    spdlog::info("images of {} x {} are resized to the model's {}", prepared.images.height,
                 prepared.images.width, size);
    prepared.images = Resize(prepared.images, classifier.height, classifier.width);
    prepared.config["resized"] = size;
  }
  return prepared;
}

}  // namespace

Json Evaluate(const EvaluateOptions& options, const std::filesystem::path& out) {
  const Prepared prepared = Prepare(options);
  const std::vector<Test> tests = MakeTests(options, prepared.classifier);
  if (std::filesystem::exists(out)) {
    Json stored = ReadJson(out);
    RefuseOtherConfig(stored.value("config", Json::object()), prepared.config, out);
    for (Json& entry : stored["tests"]) entry["seconds"] = nullptr;
    return stored;
  }
  spdlog::info("{}", prepared.classifier.description);
  const std::filesystem::path partial = out.string() + ".partial";
  auto finished = ReadPartial(partial, prepared.config, prepared.images.count());
  std::string kept = Json{{"config", prepared.config}}.dump() + "\n";
  for (const auto& [name, correct] : finished)
    kept += Json{{"test", name}, {"correct", correct}}.dump() + "\n";
  WriteFileAtomically(partial, kept);

  Suite suite(prepared.images, prepared.classifier, options.batch);
  std::map<std::string, double> seconds;
  const auto run = [&](const Test& test, const std::string& name) {
    if (!finished.contains(name)) {
      const auto start = std::chrono::steady_clock::now();
      finished[name] = suite.Run(test, name);
      seconds[name] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      AppendJsonLine(partial, {{"test", name}, {"correct", finished[name]}});
    }
    return finished[name];
  };
  const std::string clean = run({{}, [](const AttackInput& input) { return input.images; }}, "clean");
  Json clean_entry;
  AddScores(clean_entry, clean, clean);
  Json result = {{"config", prepared.config},
                 {"model_description", prepared.classifier.description},
                 {"clean_accuracy", clean_entry["accuracy"]},
                 {"clean_interval", clean_entry["interval"]},
                 {"n", prepared.images.count()},
                 {"tests", Json::array()}};
  std::vector<std::pair<std::string, std::string>> columns;
  for (const Test& test : tests) {
    Json entry = test.entry;
    const std::string name = TestName(entry);
    columns.emplace_back(name, run(test, name));
    AddScores(entry, columns.back().second, clean);
    result["tests"].push_back(entry);
  }
  WriteImages(out.string() + ".images.csv", prepared.images, suite.Predictions(), columns);
  WriteJson(out, result);
  std::filesystem::remove(partial);
  for (Json& entry : result["tests"]) {
    const auto found = seconds.find(TestName(entry));
    entry["seconds"] = found == seconds.end() ? Json(nullptr) : Json(found->second);
  }
  return result;
}

}  // namespace murine
