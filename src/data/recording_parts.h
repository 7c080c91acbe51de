// SPDX-License-Identifier: Apache-2.0
// What the readers of recordings share, whatever the file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/recording.h"

namespace murine {

// The names under which data sets keep the image's id, in the order in which readers look for them.
std::span<const char* const> ImageIdNames();
// Tiers by name. `live_test` is an older name of the competition's `test`.
std::vector<Tier> ParseTiers(const std::vector<std::string>& names, const std::string& where);
// Numbers for ids that are texts: their places among the sorted texts.
std::vector<int64_t> NumberTexts(const std::vector<std::string>& texts);
// Sets trial_order from the stored trial_idx [trial]; nothing where they ascend already.
void SetTrialOrder(const std::vector<int64_t>& trial_idx, Recording& recording);
// Puts true responses [image, neuron], stored with the ids of their images, in the order of the images.
void SetTruth(const NdArray<float>& stored, const std::vector<int64_t>& ids, Recording& recording,
              const std::string& where);
// Behaviour or pupil that is zero in every trial was withheld: it is taken away, with a remark.
void DropWithheldBehavior(Recording& recording);

constexpr const char* kHiddenOrder =
    "the order of trials is hidden (trial_idx is text): they are taken in the order of their numbers";
constexpr const char* kNoStatistics =
    "no statistics are stored: nothing here needs them, but the Python tools do";

}  // namespace murine
