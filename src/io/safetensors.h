// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/ndarray.h"

namespace murine {

// One tensor as it stands in the file: little endian, C order.
struct StoredTensor {
  std::string dtype;  // "F32", "F64", "I64", "I32", "U8", "BF16", "F16"
  std::vector<int64_t> shape;
  std::string bytes;
};

// The safetensors format (8-byte header length, JSON header, data). Tensors and metadata keep their order by
// name, so that the same content gives the same bytes. murine's files carry metadata "sha256", the hash of
// the whole file with the 64 digits of that entry read as '0'; reading checks it. Foreign files have none and
// are accepted.
struct SafeTensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, StoredTensor> tensors;
  bool hashed = false;  // after reading: the file carried a hash, and it holds

  // Missing name or other dtype: Error that names `where` and the nearest name.
  NdArray<float> Floats(const std::string& name, const std::string& where) const;
  void Add(const std::string& name, const NdArray<float>& array);
  void Add(const std::string& name, const NdArray<int64_t>& array);
};

// Errors: missing, truncated, header longer than the file, offsets that overlap or leave the file, unknown
// dtypes, sizes that differ from shape x dtype, a wrong hash.
SafeTensors ReadSafeTensors(const std::filesystem::path& path);
SafeTensors ParseSafeTensors(std::string_view content, const std::string& where);  // the bytes of a file
// The metadata alone, without reading the data (and so without checking its hash).
std::map<std::string, std::string> ReadSafeTensorsMetadata(const std::filesystem::path& path);
void WriteSafeTensors(const std::filesystem::path& path, const SafeTensors& content);

}  // namespace murine
