// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hdf5.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/ndarray.h"

namespace murine {

// A thin face of the HDF5 C library. Its own error stack goes into murine::Error, never to the terminal.
// Files are written beside their final name and renamed by Commit, and hold no times, so that the same
// content gives the same bytes. They begin with a block of 512 bytes that holds the hash of the rest, which
// Open checks.
class Hdf5File {
 public:
  static Hdf5File Open(const std::filesystem::path& path);    // for reading
  static Hdf5File Create(const std::filesystem::path& path);  // for writing
  ~Hdf5File();
  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&&) = delete;

  // Names are paths inside the file: "/item_info/frame_image_id".
  bool Has(const std::string& name) const;
  std::vector<std::string> List(
      const std::string& group) const;  // sorted; empty where there is no such group
  std::vector<int64_t> Shape(const std::string& name) const;
  bool IsText(const std::string& name) const;  // a dataset of strings

  // Any numeric dataset, converted. Sizes are checked against the file before memory is asked for. Values
  // that an integer T cannot hold (NaN, 0.5, 300 in uint8_t) are an error. T: float, double, int64_t,
  // int32_t, uint8_t
  template <class T>
  NdArray<T> Read(const std::string& name) const;
  std::vector<std::string> ReadStrings(const std::string& name) const;  // fixed or variable length

  // Parent groups are made. Large datasets (> 64 KiB) are chunked by row, shuffled and deflated (level 4).
  template <class T>
  void Write(const std::string& name, const std::vector<int64_t>& shape, std::span<const T> values);
  void WriteStrings(const std::string& name,
                    const std::vector<std::string>& values);             // fixed-length bytes 'S'
  void SetAttribute(const std::string& name, const std::string& value);  // of the root group
  std::string Attribute(const std::string& name) const;                  // "" where absent

  void Commit();

 private:
  Hdf5File(std::filesystem::path path, std::filesystem::path unfinished, hid_t file);
  std::filesystem::path path_, unfinished_;
  hid_t file_;
};

}  // namespace murine
