// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace murine {

enum class ErrorKind {
  kFailed,       // exit 1
  kUsage,        // exit 2
  kInterrupted,  // exit 130; state was saved
};

// What a user needs to mend the fault. Empty parts are left out of the message.
struct ErrorParts {
  std::string what = {};      // "labels and images differ in number"
  std::string where = {};     // file, array, index
  std::string expected = {};  // "60000 labels"
  std::string got = {};       // "59999"
  std::string hint = {};      // what to do
  ErrorKind kind = ErrorKind::kFailed;
};

// The one exception type. The message reads `what in where: expected ..., got ... (hint)`.
class Error : public std::runtime_error {
 public:
  explicit Error(ErrorParts parts);
  const ErrorParts& parts() const { return parts_; }
  ErrorKind kind() const { return parts_.kind; }

 private:
  ErrorParts parts_;
};

// What `read` makes of the file `where`: a value that an option may not have is then the file's fault.
template <class Read>
auto InFile(const std::string& where, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    ErrorParts parts = error.parts();
    if (parts.where.empty()) parts.where = where;
    if (parts.kind == ErrorKind::kUsage) parts.kind = ErrorKind::kFailed;
    throw Error(parts);
  }
}

}  // namespace murine
