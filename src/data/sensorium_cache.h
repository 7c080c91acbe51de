// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "data/recording.h"
#include "io/safetensors.h"

namespace murine {

// A recording in one piece: what the cache holds, and what a folder is hashed by.
SafeTensors ToTensors(const Recording& recording);
Recording FromTensors(const SafeTensors& stored, const std::string& where);

// Four small files a trial take as long to open as to read. What `read` gives for `folder` is kept in
// FOLDER.murine-cache beside it and taken from there as long as no file of the folder has another size or
// time of change. Small folders get none; where the place may not be written, the log says so.
Recording ReadThroughCache(const std::filesystem::path& folder, const std::function<Recording()>& read);
std::filesystem::path CachePath(const std::filesystem::path& folder);

}  // namespace murine
