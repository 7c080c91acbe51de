// SPDX-License-Identifier: Apache-2.0
#include "io/file_tree.h"

#include <algorithm>

#include "base/error.h"

namespace murine {
namespace {

namespace fs = std::filesystem;

enum class EntryKind { kFile, kFolder };

std::vector<std::string> ListFolder(const fs::path& folder, EntryKind kind) {
  std::vector<std::string> names;
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(folder, fault))
    if (kind == EntryKind::kFile ? entry.is_regular_file() : entry.is_directory())
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ListZip(const ZipFile& zip, const std::string& prefix, EntryKind kind) {
  std::vector<std::string> names;
  for (auto at = zip.members().lower_bound(prefix);
       at != zip.members().end() && at->first.starts_with(prefix); ++at) {
    const std::string rest = at->first.substr(prefix.size());
    const size_t slash = rest.find('/');
    if ((slash == std::string::npos) != (kind == EntryKind::kFile)) continue;
    if (std::string name = rest.substr(0, slash); names.empty() || names.back() != name)
      names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

FileTree::FileTree(const fs::path& path) : path_(path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) zip_ = std::make_shared<ZipFile>(path);
}

FileTree FileTree::Below(const std::string& folder) const {
  FileTree tree = *this;
  if (zip_ == nullptr)
    tree.path_ /= folder;
  else
    tree.prefix_ += folder + "/";
  return tree;
}

bool FileTree::Has(const std::string& name) const {
  if (zip_ != nullptr) return zip_->members().contains(prefix_ + name);
  std::error_code ignored;
  return fs::is_regular_file(path_ / name, ignored);
}

std::vector<std::string> FileTree::Files(const std::string& folder) const {
  if (zip_ == nullptr) return ListFolder(path_ / folder, EntryKind::kFile);
  return ListZip(*zip_, prefix_ + (folder.empty() ? "" : folder + "/"), EntryKind::kFile);
}

std::vector<std::string> FileTree::Folders(const std::string& folder) const {
  if (zip_ == nullptr) return ListFolder(path_ / folder, EntryKind::kFolder);
  return ListZip(*zip_, prefix_ + (folder.empty() ? "" : folder + "/"), EntryKind::kFolder);
}

std::string FileTree::Read(const std::string& name, int64_t most_bytes) const {
  return zip_ == nullptr ? ReadFile(path_ / name, most_bytes) : zip_->Read(prefix_ + name, most_bytes);
}

std::string FileTree::Where(const std::string& name) const {
  return zip_ == nullptr ? (path_ / name).string() : path_.string() + "/" + prefix_ + name;
}

}  // namespace murine
