// SPDX-License-Identifier: Apache-2.0
#include "analysis/analyze.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "analysis/analyzed_model.h"
#include "analysis/eigenspectrum.h"
#include "analysis/examples.h"
#include "analysis/fourier_map.h"
#include "analysis/frequency_classes.h"
#include "analysis/hybrid.h"
#include "analysis/labelled_images.h"
#include "analysis/likeness.h"
#include "analysis/local_geometry.h"
#include "analysis/map_picture.h"
#include "analysis/part_store.h"
#include "analysis/spectrum.h"
#include "base/error.h"
#include "io/artifact.h"
#include "io/integrity.h"
#include "io/json_lines.h"
#include "robustness/corruption.h"
#include "robustness/evaluation_input.h"

namespace murine {
namespace {

constexpr int64_t kMostImages = 1000;     // of eigenspectra
constexpr int64_t kMostReferences = 500;  // images of a recording or target

const std::vector<std::string> kParts = {"perturbations", "corruptions",   "hybrid",
                                         "fourier",       "eigenspectrum", "likeness",
                                         "stages",        "geometry",      "examples"};

std::vector<std::string> ParseParts(const std::string& text) {
  if (text == "all") return kParts;
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text + ",") {
    if (c != ',' && c != ' ') {
      part += c;
      continue;
    }
    if (part.empty()) continue;
    if (std::find(kParts.begin(), kParts.end(), part) == kParts.end())
      ThrowUnknownName("part", part, "--parts", kParts, ErrorKind::kUsage);
    parts.push_back(part);
    part.clear();
  }
  return parts;
}

bool Contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

class Analysis {
 public:
  Analysis(const AnalyzeOptions& options, const std::filesystem::path& out) : options_(options), out_(out) {
    parts_ = ParseParts(options.parts);
    const Color color = options.color ? Color::kKeep : Color::kGray;
    original_ = LoadImages(options.data, {.split = Split::kTest, .color = color});
    if (original_.labels.empty()) throw Error({.what = "images without labels", .where = options.data});
    models_ = LoadModels(options.models, original_, {options.normalize, options.stem});
    RefuseTheSameTwice();
    for (const AnalyzedModel& model : models_) CheckFits(original_, model.classifier, options.data);
    for (const std::string& path : options.recordings)
      references_.push_back(RecordingReference(path, kMostReferences, options.seed));
    for (const std::string& path : options.targets)
      references_.push_back(TargetReference(path, options.stimuli, color, kMostReferences));
    NameApart();
    MakeConfig();
  }

  const Json& config() const { return config_; }
  std::filesystem::path partial() const { return out_.string() + ".partial"; }
  Json Run();

 private:
  // It would count as two models of its condition.
  void RefuseTheSameTwice() const {
    for (size_t i = 0; i < models_.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (models_[i].condition == models_[j].condition &&
            models_[i].classifier.hash == models_[j].classifier.hash)
          throw Error({.what = "the same model twice in condition " + models_[i].condition,
                       .where = options_.models[i],
                       .kind = ErrorKind::kUsage});
  }
  // Two references of one name could not be told apart.
  void NameApart() {
    for (size_t i = 0; i < references_.size(); ++i) {
      const std::string base = references_[i].name;
      const auto taken = [&] {
        return std::any_of(references_.begin(), references_.begin() + static_cast<int64_t>(i),
                           [&](const Reference& other) { return other.name == references_[i].name; });
      };
      for (int k = 2; taken(); ++k) references_[i].name = fmt::format("{} ({})", base, k);
    }
  }
  // Eigenspectra keep features and centred ones; likeness features, vectors and unit vectors of them.
  void RequireMemoryForStages() const {
    int64_t compared = 0;
    for (const Reference& reference : references_) compared = std::max(compared, reference.images.count());
    for (const StageNeed& need :
         {StageNeed{"eigenspectrum", std::min(kMostImages, original_.count()), 2,
                    "a slice of --data (@START-END)"},
          StageNeed{"likeness", compared, 3, "recordings and targets of fewer images"}})
      for (const AnalyzedModel& model : models_)
        if (Contains(parts_, need.part)) RequireMemoryForStage(model, need);
  }
  void MakeConfig();
  Measures Measure(const AnalyzedModel& model, const std::string& part) const;
  Measures StageMeasures(const AnalyzedModel& model, const std::string& part) const;
  Json Conditions(const std::vector<Measures>& measures) const;

  const AnalyzeOptions& options_;
  std::filesystem::path out_;
  std::vector<std::string> parts_;
  ImageSet original_;
  std::vector<AnalyzedModel> models_;
  std::vector<Reference> references_;
  Json config_;
};

void Analysis::MakeConfig() {
  config_ = OptionsToJson(options_);
  config_["model"] = Json::array();
  for (const AnalyzedModel& model : models_)
    config_["model"].push_back({{"condition", model.condition}, {"sha256", model.classifier.hash}});
  config_["data"] = ImageSetSpec::Parse(options_.data).Identity();
  config_["data_hash"] = LabelledHash(original_);
  config_["stimuli"] = options_.stimuli.empty() ? "" : ImageSetSpec::Parse(options_.stimuli).Identity();
  config_["parts"] = parts_;
  config_["recording"] = config_["target"] = Json::array();
  for (size_t i = 0; i < references_.size(); ++i)
    config_[i < options_.recordings.size() ? "recording" : "target"].push_back(
        {{"name", references_[i].name},
         {"sha256", references_[i].hash},
         {"images_hash", StimuliHash(references_[i].images)}});
}

// Eigenspectra, likeness and weights of the stages; nothing of a model whose stages are not known.
Measures Analysis::StageMeasures(const AnalyzedModel& model, const std::string& part) const {
  Measures measures;
  if (part == "stages" && !model.stage_weights.empty())
    measures.curves["stage_weights"] = {.x = {0, 1, 2, 3, 4}, .y = model.stage_weights};
  if (!model.network) return measures;
  const ImageSet images = original_.Slice(0, std::min(kMostImages, original_.count()));
  for (size_t stage = 0; stage < kStageNames.size(); ++stage) {
    const auto place = static_cast<double>(stage);
    if (part == "eigenspectrum")
      ForBatches("eigenspectrum of " + kStageNames[stage], images.count(), images.count(),
                 [&](int64_t, int64_t) {
                   Measures found = Eigenspectrum(kStageNames[stage], StageFeatures(model, images, stage));
                   measures.values.merge(found.values);
                   measures.curves.merge(found.curves);
                 });
    if (part == "likeness")
      for (const Reference& reference : references_)
        ForBatches(fmt::format("{} beside {}", kStageNames[stage], reference.name), reference.images.count(),
                   reference.images.count(), [&](int64_t, int64_t) {
                     const Likeness found = MeasureLikeness(
                         reference, StageFeatures(model, reference.images, stage), options_.seed);
                     Curve& rsa = measures.curves["rsa:" + reference.name];
                     rsa.x.push_back(place);
                     rsa.y.push_back(found.rsa);
                     rsa.low.push_back(found.rsa_low);
                     rsa.high.push_back(found.rsa_high);
                     for (const auto& [name, value] :
                          {std::pair{"cka:", found.cka}, std::pair{"cka-unbiased:", found.cka_unbiased}}) {
                       Curve& curve = measures.curves[name + reference.name];
                       curve.x.push_back(place);
                       curve.y.push_back(value);
                     }
                   });
  }
  return measures;
}

Measures Analysis::Measure(const AnalyzedModel& model, const std::string& part) const {
  const Classifier& classifier = model.classifier;
  if (part == "corruptions")
    return CorruptionAccuracy(classifier, original_, options_.severity, options_.seed);
  if (part == "eigenspectrum" || part == "likeness" || part == "stages") return StageMeasures(model, part);
  const ImageSet images = FitToModel(original_, classifier);
  if (part == "perturbations")
    return PerturbationSpectrum(
        classifier, images,
        {.images = options_.images, .steps = options_.attack_steps, .seed = options_.seed});
  if (part == "hybrid") return HybridAnswers(classifier, images, options_.seed);
  if (part == "fourier")
    return FourierSensitivity(
        classifier, images,
        {.images = options_.images, .norm = options_.fourier_norm, .seed = options_.seed});
  return LocalGeometry(classifier, images,
                       {.images = options_.images, .step = options_.step, .seed = options_.seed});
}

Json Analysis::Conditions(const std::vector<Measures>& measures) const {
  Json conditions = Json::array();
  std::vector<std::string> names;
  for (const AnalyzedModel& model : models_)
    if (!Contains(names, model.condition)) names.push_back(model.condition);
  for (const std::string& name : names) {
    std::vector<Measures> of_condition;
    std::string description;
    for (size_t i = 0; i < models_.size(); ++i)
      if (models_[i].condition == name) {
        of_condition.push_back(measures[i]);
        description = models_[i].classifier.description;
      }
    Json condition = {{"name", name}, {"models", of_condition.size()}, {"description", description}};
    condition.update(OverModels(of_condition));
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

Json Analysis::Run() {
  RequireMemoryForStages();
  PartStore store(partial(), config_);
  std::vector<Measures> measures(models_.size());
  for (size_t i = 0; i < models_.size(); ++i)
    for (const std::string& part : parts_) {
      if (part == "examples") continue;
      if (models_.size() > 1 && !store.Has(i, part))
        spdlog::info("{} of {}, model {} of {}", part, models_[i].condition, i + 1, models_.size());
      Measures found = store.Get(i, part, [&] { return Measure(models_[i], part); });
      measures[i].values.merge(found.values);
      measures[i].curves.merge(found.curves);
      measures[i].maps.merge(found.maps);
    }
  Json result = {{"config", config_}, {"n", original_.count()}, {"conditions", Conditions(measures)}};
  result["references"] = Json::array();
  for (const Reference& reference : references_)
    result["references"].push_back({{"name", reference.name}, {"images", reference.images.count()}});
  int64_t picture = 0;
  std::vector<std::string> pictures;
  for (const Json& condition : result["conditions"]) {
    if (condition["maps"].contains("fourier_error")) {
      pictures.push_back(fmt::format(".fourier.{}.png", picture));
      WriteMapPicture(out_.string() + pictures.back(), condition["maps"]["fourier_error"]);
    }
    ++picture;
  }
  if (Contains(parts_, "examples")) {
    pictures.insert(pictures.end(), {".noise.png", ".adversarial.png"});
    result["examples"] =
        MakeExamples(models_, original_,
                     {.data = options_.data, .steps = options_.attack_steps, .seed = options_.seed}, out_);
  }
  result["files"] = HashesBeside(out_, pictures);
  WriteJson(out_, result);
  store.Remove();
  return result;
}

}  // namespace

void AnalyzeOptions::Check() const {
  const auto refuse = [](const char* what, const char* expected) {
    throw Error({.what = what, .expected = expected, .kind = ErrorKind::kUsage});
  };
  if (models.empty()) refuse("no model named", "run folders or model files");
  if (data.empty()) refuse("--data is missing", "a labelled image set");
  if (images < 1 || attack_steps < 1) refuse("--images and --attack-steps", "at least 1");
  if (severity < 1 || severity > kSeverities) refuse("--severity", "1 to 5");
  if (!(fourier_norm > 0) || !std::isfinite(fourier_norm)) refuse("--fourier-norm", "above 0");
  if (!(step > 0) || !std::isfinite(step)) refuse("--step", "above 0");
  if (targets.empty() != stimuli.empty()) refuse("--target and --stimuli go together", "both or neither");
  const bool compares = Contains(ParseParts(parts), "likeness") && parts != "all";
  if (compares && recordings.empty() && targets.empty())
    refuse("the part likeness has nothing to compare with", "--recording, or --target and --stimuli");
}

Json Analyze(const AnalyzeOptions& options, const std::filesystem::path& out) {
  CheckOutput(out, ArtifactKind::kJson);
  options.Check();
  Analysis analysis(options, out);
  if (std::filesystem::exists(out)) {
    Json stored = ReadJson(out);
    RefuseOtherConfig(stored.is_object() ? stored.value("config", Json::object()) : stored, analysis.config(),
                      out);
    CheckBeside(out, stored.value("files", Json()), Missing::kRefuse);
    std::error_code ignored;  // a finished result is shown whatever stays beside it
    std::filesystem::remove(analysis.partial(), ignored);  // of a process killed right after the result
    return stored;
  }
  return analysis.Run();
}

}  // namespace murine
