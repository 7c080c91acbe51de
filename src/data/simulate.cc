// SPDX-License-Identifier: Apache-2.0
#include "data/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/random.h"
#include "data/mouse_behavior.h"
#include "data/simulated_mouse.h"

namespace murine {
namespace {

constexpr int64_t kBlock = 16;              // images that share one reading of a neuron's filters
constexpr int64_t kAdaptationImages = 256;  // the first of the set: more images make no other neurons

void CheckCounts(const SimulateOptions& options) {
  const auto require = [](bool holds, const char* what, const char* expected, int64_t got) {
    if (!holds)
      throw Error(
          {.what = what, .expected = expected, .got = std::to_string(got), .kind = ErrorKind::kUsage});
  };
  constexpr int64_t kMost = 10'000'000;
  require(options.neurons >= 1 && options.neurons <= kMost, "impossible --neurons", "1 to 10000000",
          options.neurons);
  require(options.images >= 2 && options.images <= kMost, "impossible --images", "2 to 10000000",
          options.images);
  require(options.oracle_images >= 0 && options.oracle_images <= kMost, "impossible --oracle-images",
          "0 to 10000000", options.oracle_images);
  require(options.repeats >= 1 && options.repeats <= 10'000, "impossible --repeats", "1 to 10000",
          options.repeats);
  require(options.scan >= 0 && options.scan <= 1'000'000, "impossible --scan", "0 to 1000000", options.scan);
  if (!(options.shared_neurons >= 0 && options.shared_neurons <= 1))
    throw Error({.what = "impossible --shared-neurons",
                 .expected = "0 to 1",
                 .got = fmt::format("{}", options.shared_neurons),
                 .kind = ErrorKind::kUsage});
  CheckMouseOptions(options.mouse);
  const int64_t trials = options.images + options.oracle_images * options.repeats;
  require(trials <= (int64_t{1} << 33) / options.neurons, "too many responses for memory",
          "at most 2^33 (trials x neurons)", trials);
}

// The images that are shown, 8-bit, with their numbers in the set as ids. Of a larger set a random part is
// taken, for the first images of a sorted folder are of few classes.
void TakeImages(const SimulateOptions& options, Recording& recording) {
  const int64_t needed = options.images + options.oracle_images;
  const bool generated = options.stimuli == "dead-leaves";
  const std::string spec = generated ? fmt::format("dead-leaves:{}x36x64", needed) : options.stimuli;
  const ImageSet set = LoadImages(spec, {});
  if (set.count() < needed)
    throw Error({.what = "too few images to show",
                 .where = options.stimuli,
                 .expected = fmt::format("{} ({} and {} for the oracle)", needed, options.images,
                                         options.oracle_images),
                 .got = std::to_string(set.count()),
                 .hint = "lower --images or --oracle-images"});
  if (set.channels != 1)
    throw Error({.what = "a simulated mouse sees grayscale images", .where = options.stimuli});

  std::vector<int64_t> ids = RandomPermutation(set.count(), RandomStream(options.seed, "simulate/choice"));
  ids.resize(static_cast<size_t>(needed));
  std::sort(ids.begin(), ids.end());
  recording.image_ids = ids;
  recording.images.name = recording.name;
  recording.images.height = set.height;
  recording.images.width = set.width;
  std::vector<float> image(static_cast<size_t>(set.image_size()));
  for (const int64_t id : ids) {
    set.CopyTo(id, image);
    for (const float x : image)
      recording.images.bytes.push_back(static_cast<uint8_t>(std::lround(std::clamp(x, 0.0f, 1.0f) * 255)));
  }
}

ScanOfBrain ScanOf(const SimulateOptions& options) {
  return {.seed = options.seed,
          .neurons = options.neurons,
          .scan = options.scan,
          .shared = options.shared_neurons};
}

// Which images are the oracle's, which are for validation (the same in every scan of a brain), and the order
// in which all are shown.
void PlanTrials(const SimulateOptions& options, Recording& recording) {
  const std::vector<int64_t> role =
      RandomPermutation(options.images + options.oracle_images, RandomStream(options.seed, "simulate/tiers"));
  const int64_t validation = std::max<int64_t>(1, options.images / 10);
  std::vector<std::pair<int64_t, Tier>> trials;
  for (int64_t i = 0; i < static_cast<int64_t>(role.size()); ++i) {
    const Tier tier = i < options.oracle_images                ? Tier::kTest
                      : i < options.oracle_images + validation ? Tier::kValidation
                                                               : Tier::kTrain;
    trials.insert(trials.end(), tier == Tier::kTest ? options.repeats : 1, {role[i], tier});
  }
  RandomStream(ScanOf(options).scan_seed(), "simulate/order").Shuffle(std::span(trials));
  for (const auto& [image, tier] : trials) {
    recording.trial_image.push_back(image);
    recording.tiers.push_back(tier);
  }
}

// Calls work(first, last) for blocks of 0 .. count-1, on `threads` threads of which the caller's is one and
// shows the progress.
template <class Work>
void InBlocks(int64_t count, const std::string& unit, int threads, const std::string& what,
              const Work& work) {
  std::atomic<int64_t> next = 0, done = 0;
  std::atomic<bool> stop = false;
  std::exception_ptr failure;
  std::mutex mutex;
  Progress progress(what, count, unit);
  const auto run = [&](auto&& after_each) {
    try {
      for (int64_t first = next.fetch_add(kBlock); first < count && !stop; first = next.fetch_add(kBlock)) {
        const int64_t last = std::min(count, first + kBlock);
        work(first, last);
        done += last - first;
        after_each();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();  // the first fault is the one to tell
      stop = true;
    }
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(run, [] {});
  int64_t shown = 0;
  run([&] {
    progress.Update(shown = done);
    if (InterruptRequested()) ThrowInterrupted();
  });
  others.clear();  // joins
  if (failure) std::rethrow_exception(failure);
  if (shown < count) progress.Update(count);
}

class Session {
 public:
  Session(const SimulateOptions& options, Recording& recording, int threads)
      : options_(options),
        recording_(recording),
        threads_(threads),
        mouse_(ScanOf(options), recording.images.height, recording.images.width, options.mouse) {}

  void Adapt() {
    std::vector<Canvas> canvases;
    for (int64_t i = 0; i < std::min(kAdaptationImages, recording_.images.count()); ++i)
      canvases.push_back(Show(i, 0, 0));
    InBlocks(options_.neurons, "neurons", threads_, "adapt", [&](int64_t first, int64_t last) {
      for (int64_t k = first; k < last; ++k) mouse_.Adapt(k, canvases);
    });
  }

  // Noise-free, at neutral eye position and gain.
  void FindTruth() {
    const int64_t images = recording_.images.count(), neurons = options_.neurons;
    recording_.truth = {.shape = {images, neurons}, .values = std::vector<float>(images * neurons)};
    InBlocks(images, "images", threads_, "true responses", [&](int64_t first, int64_t last) {
      std::vector<Canvas> canvases;
      for (int64_t i = first; i < last; ++i) canvases.push_back(Show(i, 0, 0));
      for (int64_t k = 0; k < neurons; ++k)
        for (int64_t i = first; i < last; ++i)
          recording_.truth.values[i * neurons + k] = static_cast<float>(mouse_.Rate(k, canvases[i - first]));
    });
  }

  void Record() {
    const int64_t trials = recording_.trials(), neurons = options_.neurons;
    MouseBehavior behavior = SimulateBehavior(trials, ScanOf(options_).scan_seed(), options_.mouse);
    recording_.responses = {.shape = {trials, neurons}, .values = std::vector<float>(trials * neurons)};
    InBlocks(trials, "trials", threads_, "record", [&](int64_t first, int64_t last) {
      std::vector<Canvas> canvases;
      for (int64_t t = first; t < last; ++t)
        canvases.push_back(Show(recording_.trial_image[t], behavior.eye_x[t], behavior.eye_y[t]));
      for (int64_t k = 0; k < neurons; ++k)
        for (int64_t t = first; t < last; ++t)
          recording_.responses.values[t * neurons + k] = mouse_.Respond(
              k, t, mouse_.Rate(k, canvases[t - first]), behavior.arousal[t], behavior.fluctuation[t]);
    });
    recording_.behavior = std::move(behavior.behavior);
    recording_.pupil_center = std::move(behavior.pupil_center);
  }

  void DescribeNeurons() {
    recording_.position_um.shape = {options_.neurons, 3};
    auto& units = recording_.truth_units;
    auto& numbers = recording_.neuron_numbers;
    const auto count = static_cast<size_t>(options_.neurons);
    numbers["animal_ids"].assign(count, static_cast<double>(options_.seed));
    numbers["sessions"].assign(count, 1);
    numbers["scan_idx"].assign(count, static_cast<double>(options_.scan));
    recording_.neuron_names["area"].assign(count, "V1");
    recording_.neuron_names["layer"].assign(count, "L2/3");
    for (const SimulatedNeuron& n : mouse_.neurons()) {
      const GaborParameters& field = n.receptive_field;
      recording_.position_um.values.insert(recording_.position_um.values.end(), n.position_um.begin(),
                                           n.position_um.end());
      numbers["unit_ids"].push_back(static_cast<double>(n.unit_id));
      units["kind"].push_back(static_cast<float>(n.kind));
      units["x_px"].push_back(static_cast<float>(field.x));
      units["y_px"].push_back(static_cast<float>(field.y));
      units["frequency_cycles_per_px"].push_back(static_cast<float>(field.frequency));
      units["orientation_rad"].push_back(static_cast<float>(field.orientation));
      units["phase_rad"].push_back(static_cast<float>(field.phase));
      units["sigma_along_px"].push_back(static_cast<float>(field.sigma_along));
      units["sigma_across_px"].push_back(static_cast<float>(field.sigma_across));
    }
  }

 private:
  Canvas Show(int64_t image, double dx, double dy) const {
    const ImageSet& images = recording_.images;
    std::vector<float> pixels(static_cast<size_t>(images.image_size()));
    for (size_t p = 0; p < pixels.size(); ++p)
      pixels[p] = static_cast<float>(images.bytes[image * images.image_size() + p]) / 255;
    Canvas canvas(images.height, images.width);
    canvas.Show(pixels, dx, dy);
    return canvas;
  }

  const SimulateOptions& options_;
  Recording& recording_;
  int threads_;
  SimulatedMouse mouse_;
};

}  // namespace

Recording Simulate(const SimulateOptions& options, int threads) {
  CheckCounts(options);
  Recording recording;
  recording.name = "simulated";
  TakeImages(options, recording);
  PlanTrials(options, recording);
  if (threads == 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  Session session(options, recording, threads);
  session.Adapt();
  session.FindTruth();
  session.Record();
  session.DescribeNeurons();
  return recording;
}

void SimulateFile(const SimulateOptions& options, const std::filesystem::path& out, int threads) {
  WriteRecordingOnce(out, SimulationConfig(options), [&] { return Simulate(options, threads); });
}

Json SimulationConfig(const SimulateOptions& options) {
  Json config = OptionsToJson(options);
  if (options.stimuli == "dead-leaves") return config;
  config["stimuli"] = ImageSetSpec::Parse(options.stimuli).Identity();
  config["stimuli_hash"] = StimuliHash(LoadImages(options.stimuli, {}));
  return config;
}

}  // namespace murine
