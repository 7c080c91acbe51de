// SPDX-License-Identifier: Apache-2.0
#include "train/fit_encoder.h"

#include <fmt/format.h>

#include "base/memory_need.h"
#include "io/artifact.h"
#include "io/file.h"
#include "io/json_lines.h"
#include "train/fit_data.h"
#include "train/fit_loop.h"
#include "train/fit_result.h"
#include "train/held_out.h"

namespace murine {
namespace {

Json Identity(const FitOptions& options, const std::vector<FitData>& data) {
  Json identity = OptionsToJson(options), hashes = Json::array();
  identity.erase("recording");
  for (const FitData& each : data) hashes.push_back(each.hash);
  identity["recording_hash"] = hashes.size() == 1 ? hashes[0] : hashes;
  return identity;
}

EncoderOptions Architecture(const FitOptions& options, const Recording& recording) {
  EncoderOptions architecture =
      options.Architecture(recording.images.height, recording.images.width, recording.neurons());
  architecture.shifter = recording.has_pupil();
  architecture.modulator = recording.has_behavior();
  return architecture;
}

// The images' contrast at every other pixel for each trial and its copies (where reading starts), one batch's
// features before and after each layer's nonlinearity, and what the readout reads.
void RequireMemoryFor(const FitOptions& options, const std::vector<FitData>& data) {
  constexpr int64_t kFloat = sizeof(float), kContrastCopies = 2;
  for (const FitData& each : data) {
    Architecture(options, each.recording).Check();
    const ImageSet& images = each.recording.images;
    const int64_t pixels = images.height * images.width, neurons = each.recording.neurons();
    const std::vector<MemoryNeed> needs = {
        {fmt::format("the contrast of {} trials' images", each.train.size()),
         std::ssize(each.train) * (pixels / 4) * kContrastCopies * kFloat},
        {fmt::format("the features of {} images", options.batch),
         options.batch * options.layers * options.channels * (pixels / (options.stride * options.stride)) *
             2 * kFloat},
        {fmt::format("what {} neurons read of them", neurons),
         options.batch * neurons * options.channels * kFloat}};
    RequireMemory("fitting " + each.recording.name, needs,
                  "a smaller --batch or --channels, a larger --stride, or fewer trials");
  }
}

// Scales, and the places where reading starts, from the training trials.
FitState Start(const FitOptions& options, const std::vector<FitData>& data) {
  std::vector<EncoderOptions> architectures;
  for (const FitData& each : data) architectures.push_back(Architecture(options, each.recording));
  FitState state(architectures, options.seed);
  for (size_t k = 0; k < data.size(); ++k) {
    const FitData& each = data[k];
    Encoder& encoder = state.encoders[k];
    encoder->SetScales(each.Images(each.train), each.Responses(each.train), each.Behavior(each.train));
    if (options.places == PlaceKind::kCortex) encoder->SetCoordinates(each.Coordinates());
    encoder->PlaceReadout(ReceptiveFieldCentres(each));
  }
  return state;
}

FitState Fitted(const FitOptions& options, const std::vector<FitData>& data, const FitPlace& place) {
  FitState state = Start(options, data);
  if (std::filesystem::exists(place.state)) ReadFitState(place.state, state, place.identity);
  DropEpochsFrom(place.metrics, state.epoch);
  RunFit(options, data, state, place);
  return state;
}

FitPlace PlaceOf(const std::filesystem::path& out, const std::string& what, const Json& identity) {
  return {.what = what,
          .state = out.string() + ".state",
          .metrics = out.string() + ".metrics.jsonl",
          .identity = identity};
}

// Predictions of every trial by a model that was fitted without its image.
std::vector<HeldOut> Folds(const FitOptions& options, std::vector<FitData>& data,
                           const std::filesystem::path& out, const Json& identity) {
  // Too many folds are refused before the first of them is fitted.
  for (int64_t fold = 0; fold < options.folds; ++fold) SplitByFold(data, options.folds, fold, options.seed);
  std::vector<HeldOut> all;
  for (int64_t fold = 0; fold < options.folds; ++fold) {
    const std::string name = fmt::format("{}.fold{}", out.string(), fold);
    if (!std::filesystem::exists(name)) {
      SplitByFold(data, options.folds, fold, options.seed);
      const FitPlace place = PlaceOf(name, fmt::format("fold {} of {}", fold + 1, options.folds), identity);
      FitState state = Fitted(options, data, place);
      WriteHeldOut(name, PredictHeldOut(state, data), identity);
      std::filesystem::remove(place.state);
    }
    Append(all, ReadHeldOut(name, data.size(), identity));
  }
  for (FitData& each : data) SplitByTier(each);
  return all;
}

// Removes what a fit needs no more once it is finished, also of a process that was killed at its end.
void ClearUp(const std::filesystem::path& out, int64_t folds) {
  std::filesystem::remove(out.string() + ".state");
  for (int64_t fold = 0; fold < folds; ++fold)
    for (const char* ending : {"", ".state"})
      std::filesystem::remove(fmt::format("{}.fold{}{}", out.string(), fold, ending));
}

std::string HeldOutTier(const std::vector<FitData>& data) {
  for (const FitData& each : data)
    if (each.test.empty()) return "validation";
  return "test";
}

}  // namespace

Json FitEncoder(const FitOptions& options, const std::filesystem::path& out) {
  options.Check();
  CheckOutput(out, ArtifactKind::kSafeTensors);
  std::vector<FitData> data = LoadFitData(options.recordings);
  const Json identity = Identity(options, data);
  if (std::filesystem::exists(out)) {
    const Json result = StoredFitResult(out, identity);
    ClearUp(out, options.folds);
    return result;
  }

  RequireMemoryFor(options, data);
  std::vector<HeldOut> predictions;
  if (options.folds > 0) predictions = Folds(options, data, out, identity);
  const FitPlace place = PlaceOf(out, "fit", identity);
  FitState state = Fitted(options, data, place);
  if (options.folds == 0) predictions = PredictHeldOut(state, data);
  const Json result = WriteFitResult(out, state, data, predictions,
                                     options.folds > 0 ? "folds" : HeldOutTier(data), identity);
  ClearUp(out, options.folds);
  return result;
}

}  // namespace murine
