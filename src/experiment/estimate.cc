// SPDX-License-Identifier: Apache-2.0
#include "experiment/estimate.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "experiment/measure.h"
#include "experiment/plan.h"
#include "experiment/schedule_cost.h"
#include "experiment/schedule_stages.h"
#include "experiment/stage_process.h"
#include "io/json_lines.h"
#include "io/temporary_folder.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPixel = sizeof(float);

// Until a process of murine's is at work.
double SecondsToStart(const RunOptions& options, const fs::path& scratch) {
  StageProcess process(options.program, {"version"}, scratch / "version.log");
  while (process.Read()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return process.Wait().seconds;
}

// 1 for a recording that is there, or imported: the piece is of all its trials.
int64_t Trials(const Named<RecordingOptions>& recording) {
  const auto* mouse = std::get_if<SimulateOptions>(&recording.options);
  return mouse == nullptr || !recording.file.empty() ? 1
                                                     : mouse->images + mouse->oracle_images * mouse->repeats;
}

double Ratio(int64_t whole, int64_t part) { return static_cast<double>(whole) / static_cast<double>(part); }

class Estimate {
 public:
  Estimate(const Experiment& whole, const Plan& plan, const RunOptions& options, const fs::path& scratch)
      : whole_(whole),
        plan_(plan),
        few_(Shorten(whole, scratch, counts_)),
        short_plan_(MakePlan(few_.experiment, scratch)),
        start_(SecondsToStart(options, scratch)),
        costs_(plan.stages.size()),
        errors_(plan.stages.size()) {
    for (const Stage& stage : plan_.stages) done_.push_back(FinishedResult(stage).has_value());
    Pair();
    Measure(options);
    for (size_t i = 0; i < costs_.size(); ++i)
      if (!done_[i]) costs_[i].needs = UndoneNeeds(i);
    Scale();
  }

  Json Describe(int jobs) const {
    Json stages = Json::array();
    double seconds = 0;
    size_t unknown = 0;
    for (size_t i = 0; i < costs_.size(); ++i) {
      Json stage = {{"stage", plan_.stages[i].what}, {"done", static_cast<bool>(done_[i])}};
      if (!done_[i]) {
        const bool known = errors_[i].empty();
        stage["seconds"] = known ? Json(costs_[i].seconds) : Json(nullptr);
        stage["peak_memory_bytes"] = known ? Json(costs_[i].memory_bytes) : Json(nullptr);
        if (!known) stage["error"] = errors_[i];
        unknown += known ? 0 : 1;
        seconds += costs_[i].seconds;
      }
      stages.push_back(std::move(stage));
    }
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    // more stages than the cores have room for gain nothing
    const int useful = std::min(jobs, std::max(1, cores / whole_.threads));
    ScheduleCost side_by_side = CostSideBySide(costs_, useful);
    side_by_side.memory_bytes = CostSideBySide(costs_, jobs).memory_bytes;
    return {{"stages", stages},
            {"done", std::count(done_.begin(), done_.end(), true)},
            {"seconds", seconds},
            {"jobs", jobs},
            {"threads", whole_.threads},
            {"cores", cores},
            {"seconds_with_jobs", side_by_side.seconds},
            {"peak_memory_bytes", side_by_side.memory_bytes},
            {"unknown", unknown}};
  }

 private:
  // Which short stage stands for each stage.
  void Pair() {
    piece_.assign(plan_.stages.size(), 0);
    for (const auto list : {&Plan::recordings, &Plan::models, &Plan::classifiers, &Plan::targets})
      for (size_t k = 0; k < (plan_.*list).size(); ++k) piece_[(plan_.*list)[k]] = (short_plan_.*list)[k];
    const size_t seeds = whole_.seeds.size();
    for (size_t k = 0; k < plan_.trainings.size(); ++k) {
      piece_[plan_.trainings[k]] = short_plan_.trainings[few_.condition[k / seeds]];
      piece_[plan_.evaluations[k]] = short_plan_.evaluations[few_.condition[k / seeds]];
    }
  }

  std::vector<size_t> UndoneNeeds(size_t i) const {
    std::vector<size_t> needs;
    for (const size_t need : plan_.stages[i].needs)
      if (!done_[need]) needs.push_back(need);
    return needs;
  }

  // Runs the pieces of what is not done, and those that they need.
  void Measure(const RunOptions& options) {
    std::vector<char> wanted(short_plan_.stages.size(), 0);
    for (size_t i = 0; i < piece_.size(); ++i)
      if (!done_[i]) wanted[piece_[i]] = 1;
    for (size_t k = wanted.size(); k-- > 0;)
      if (wanted[k])
        for (const size_t need : short_plan_.stages[k].needs) wanted[need] = 1;
    std::vector<Stage> stages;
    std::vector<size_t> place(wanted.size(), 0);
    for (size_t k = 0; k < wanted.size(); ++k) {
      if (!wanted[k]) continue;
      place[k] = stages.size();
      stages.push_back(short_plan_.stages[k]);
      for (size_t& need : stages.back().needs) need = place[need];
    }
    if (!stages.empty()) spdlog::info("short pieces of work are timed:");
    const std::vector<StageOutcome> outcomes = [&] {
      try {
        return RunStages(stages, {.program = options.program});
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::kInterrupted) ThrowInterrupted();  // pieces are not kept
        throw;
      }
    }();
    for (size_t i = 0; i < piece_.size(); ++i) {
      if (done_[i]) {
        outcomes_.emplace_back();
        continue;
      }
      outcomes_.push_back(outcomes[place[piece_[i]]]);
      if (!outcomes_[i].result)
        errors_[i] =
            outcomes_[i].error.empty() ? "a piece that it needs could not be run" : outcomes_[i].error;
      else
        costs_[i].memory_bytes = outcomes_[i].peak_memory_bytes;
    }
  }

  bool Known(size_t i) const { return !done_[i] && errors_[i].empty(); }

  // What a piece took beyond the start of its process, `ratio` times.
  void ScaleBy(size_t i, double ratio) {
    costs_[i].seconds = start_ + std::max(0.0, outcomes_[i].seconds - start_) * ratio;
  }

  template <class Options, class Use>
  void ForEach(const std::vector<Named<Options>>& entries, const std::vector<size_t>& stages,
               const Use& use) {
    size_t next = 0;
    for (size_t k = 0; k < entries.size(); ++k) {
      if (!entries[k].file.empty()) continue;
      const size_t i = stages[next++];
      if (Known(i)) use(k, i);
    }
  }

  void Scale() {
    const Experiment& few = few_.experiment;
    ForEach(whole_.recordings, plan_.recordings, [&](size_t k, size_t i) {
      ScaleBy(i, Ratio(Trials(whole_.recordings[k]), Trials(few.recordings[k])));
    });
    ForEach(whole_.models, plan_.models, [&](size_t k, size_t i) { ScaleFit(k, i); });
    ForEach(whole_.targets, plan_.targets, [&](size_t k, size_t i) {
      const auto& all = counts_.Of(whole_.targets[k].options.stimuli, Split::kTrain);
      ScaleBy(i, Ratio(all.images, counts_.Of(few.targets[k].options.stimuli, Split::kTrain).images));
      costs_[i].memory_bytes += all.bytes * kPixel;
    });
    ForEach(whole_.classifiers, plan_.classifiers,
            [&](size_t k, size_t i) { ScaleTraining(whole_.classifiers[k].options, i); });
    const size_t seeds = whole_.seeds.size();
    for (size_t k = 0; k < plan_.trainings.size(); ++k) {
      const TrainOptions& options = whole_.conditions[k / seeds].options;
      if (const size_t i = plan_.trainings[k]; Known(i)) ScaleTraining(options, i);
      const size_t i = plan_.evaluations[k];
      if (!Known(i)) continue;
      const std::string& stated = whole_.evaluate.data;
      const auto& all =
          stated.empty() ? counts_.OfWhole(options.data, Split::kTest) : counts_.Of(stated, Split::kTest);
      ScaleBy(i, Ratio(all.images, counts_.Of(few.evaluate.data, Split::kTest).images));
      costs_[i].memory_bytes += all.bytes;
    }
  }

  void ScaleFit(size_t k, size_t i) {
    const FitOptions& options = whole_.models[k].options;
    int64_t all = 0, part = 0;
    for (size_t r = 0; r < whole_.recordings.size(); ++r)
      if (std::count(options.recordings.begin(), options.recordings.end(), whole_.recordings[r].name) > 0) {
        all += Trials(whole_.recordings[r]);
        part += Trials(few_.experiment.recordings[r]);
      }
    double epoch = 0;
    for (const Json& line : ReadJsonLines(short_plan_.stages[piece_[i]].path.string() + ".metrics.jsonl"))
      epoch += line.value("seconds", 0.0);
    const double rest = std::max(0.0, outcomes_[i].seconds - start_ - epoch);
    const auto epochs = static_cast<double>(options.max_epochs),
               fits = static_cast<double>(options.folds + 1);
    costs_[i].seconds = start_ + (rest + epoch * epochs) * Ratio(all, part) * fits;
  }

  // Scoring an image takes about a third of what learning from it does: no gradients.
  void ScaleTraining(const TrainOptions& options, size_t i) {
    constexpr double kHeldOut = 0.01, kScoring = 1.0 / 3;
    const auto& train = counts_.Of(options.data, Split::kTrain);
    const auto& test = counts_.OfWhole(options.data, Split::kTest);
    const double rate = outcomes_[i].result->value("images_per_second", 0.0);
    if (!(rate > 0)) {
      errors_[i] = "its speed is not known";
      return;
    }
    const double epochs = static_cast<double>(options.epochs), images = static_cast<double>(train.images);
    const double learned = epochs * images * (1 - kHeldOut),
                 scored = epochs * images * kHeldOut + static_cast<double>(test.images);
    costs_[i].seconds = start_ + (learned + kScoring * scored) / rate;
    costs_[i].memory_bytes += train.bytes + test.bytes;
    if (!options.regularized()) return;
    const int64_t stimuli = counts_.Of(options.stimuli, Split::kTrain).images;
    costs_[i].memory_bytes += stimuli * stimuli * kPixel;
  }

  const Experiment& whole_;
  const Plan& plan_;
  ImageCounts counts_;
  ShortExperiment few_;
  Plan short_plan_;
  double start_;
  std::vector<bool> done_;
  std::vector<size_t> piece_;  // of each stage, in short_plan_
  std::vector<StageOutcome> outcomes_;
  std::vector<StageCost> costs_;
  std::vector<std::string> errors_;  // why the cost is not known
};

std::string FormatBytes(double bytes) {
  constexpr double kMebi = 1 << 20, kGibi = 1 << 30;
  return bytes < kGibi ? fmt::format("{:.0f} MiB", bytes / kMebi) : fmt::format("{:.1f} GiB", bytes / kGibi);
}

}  // namespace

Json EstimateExperiment(const RunOptions& options, const fs::path& folder) {
  const auto start = std::chrono::steady_clock::now();
  const Experiment experiment = ReadExperiment(options);
  const Plan plan = MakePlan(experiment, folder);
  const TemporaryFolder scratch;
  Json estimate = Estimate(experiment, plan, options, scratch.path()).Describe(options.jobs);
  estimate["measuring_seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return estimate;
}

std::string FormatEstimate(const Json& estimate) {
  size_t widest = 0;
  for (const Json& stage : estimate["stages"])
    widest = std::max(widest, stage["stage"].get<std::string>().size());
  std::string text;
  for (const Json& stage : estimate["stages"]) {
    text += fmt::format("{:<{}}  ", stage["stage"].get<std::string>(), widest);
    if (stage["done"].get<bool>())
      text += "done\n";
    else if (stage["seconds"].is_null())
      text += "not known: " + stage["error"].get<std::string>() + "\n";
    else
      text += fmt::format("{:>12}  {:>9}\n", FormatSeconds(stage["seconds"].get<double>()),
                          FormatBytes(stage["peak_memory_bytes"].get<double>()));
  }
  const size_t stages = estimate["stages"].size();
  text += fmt::format("\n{} of {} stages are done. The others, one after the other with {} threads: {}",
                      estimate["done"].get<int64_t>(), stages, estimate["threads"].get<int>(),
                      FormatSeconds(estimate["seconds"].get<double>()));
  if (const auto unknown = estimate["unknown"].get<int64_t>(); unknown > 0)
    text += fmt::format(", and {} that are not known", unknown);
  text +=
      fmt::format(".\nWith --jobs {} on {} cores: {}, up to {} of memory.\n", estimate["jobs"].get<int>(),
                  estimate["cores"].get<int>(), FormatSeconds(estimate["seconds_with_jobs"].get<double>()),
                  FormatBytes(estimate["peak_memory_bytes"].get<double>()));
  return text + fmt::format("Estimated from short pieces of each kind of stage, which took {}.",
                            FormatSeconds(estimate["measuring_seconds"].get<double>()));
}

}  // namespace murine
