// SPDX-License-Identifier: Apache-2.0
// What hdf5.cc and hdf5_read.cc share. Only they include it.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <type_traits>

#include "base/error.h"

namespace murine::hdf5_internal {

// The innermost message of HDF5's error stack.
inline std::string LastMessage() {
  std::string message;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
        if (n == 0) *static_cast<std::string*>(out) = error->desc == nullptr ? "" : error->desc;
        return 0;
      },
      &message);
  return message;
}

// An HDF5 identifier that closes itself.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what, const std::string& where)
      : id_(id), close_(close) {
    if (id < 0) throw Error({.what = what, .where = where, .got = LastMessage()});
  }
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

inline void Check(herr_t status, const std::string& what, const std::string& where) {
  if (status < 0)
    throw Error({.what = what,
                 .where = where,
                 .got = LastMessage(),
                 .hint = "the file may be damaged or the disk full"});
}

template <class T>
hid_t NativeType() {
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<T, int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, uint64_t>) return H5T_NATIVE_UINT64;
  if constexpr (std::is_same_v<T, uint8_t>) return H5T_NATIVE_UINT8;
}

}  // namespace murine::hdf5_internal
