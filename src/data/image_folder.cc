// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "io/image_file.h"

namespace murine {
namespace {

std::vector<std::filesystem::path> Entries(const std::filesystem::path& folder, bool folders) {
  std::vector<std::filesystem::path> entries;
  std::error_code fault;
  for (const auto& entry : std::filesystem::directory_iterator(folder, fault))
    if (entry.path().filename().string()[0] != '.' && entry.is_directory() == folders)
      entries.push_back(entry.path());
  if (fault)
    throw Error({.what = "cannot list the folder", .where = folder.string(), .got = fault.message()});
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<std::filesystem::path> Pictures(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> pictures;
  for (const auto& path : Entries(folder, false)) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (ending == ".png" || ending == ".jpg" || ending == ".jpeg") pictures.push_back(path);
  }
  return pictures;
}

}  // namespace

ImageSet ReadImageFolder(const std::filesystem::path& folder) {
  std::vector<std::pair<std::filesystem::path, int>> files;
  int classes = 0;
  for (const auto& path : Pictures(folder)) files.emplace_back(path, -1);
  const bool loose = !files.empty();
  for (const auto& class_folder : Entries(folder, true)) {
    const std::vector<std::filesystem::path> pictures_of_class = Pictures(class_folder);
    if (loose && !pictures_of_class.empty())
      throw Error({.what = "images beside class folders, with or without labels?",
                   .where = folder.string(),
                   .got = files[0].first.string() + " and " + pictures_of_class[0].string(),
                   .hint = "keep the ones or the others"});
    for (const auto& path : pictures_of_class) files.emplace_back(path, classes);
    if (!loose) ++classes;
  }
  if (files.empty())
    throw Error({.what = "no images in the folder",
                 .where = folder.string(),
                 .expected = "PNG or JPEG files, or class folders that hold them"});

  std::vector<Picture> pictures;
  bool color = false;
  for (const auto& [path, label] : files) {
    pictures.push_back(ReadPicture(path));
    const Picture &first = pictures.front(), &last = pictures.back();
    if (last.height != first.height || last.width != first.width)
      throw Error(
          {.what = "images of different sizes",
           .where = path.string(),
           .expected = fmt::format("{} x {}, as {}", first.height, first.width, files[0].first.string()),
           .got = fmt::format("{} x {}", last.height, last.width),
           .hint = "bring them to one size first"});
    color = color || last.channels == 3;
  }
  ImageSet set;
  set.channels = color ? 3 : 1;
  set.height = pictures[0].height;
  set.width = pictures[0].width;
  set.classes = classes;
  for (size_t i = 0; i < files.size(); ++i) {
    if (classes > 0) set.labels.push_back(files[i].second);
    const Picture& picture = pictures[i];
    for (int64_t c = 0; c < set.channels; ++c)
      for (int64_t k = 0; k < set.height * set.width; ++k)
        set.bytes.push_back(
            picture.pixels[static_cast<size_t>(k * picture.channels + (picture.channels == 3 ? c : 0))]);
  }
  return set;
}

}  // namespace murine
