// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <utility>

namespace murine {
namespace {

std::string Message(const ErrorParts& parts) {
  std::string message = parts.what;
  if (!parts.where.empty()) message += " in " + parts.where;
  if (!parts.expected.empty()) message += ": expected " + parts.expected;
  if (!parts.got.empty()) message += (parts.expected.empty() ? ": got " : ", got ") + parts.got;
  if (!parts.hint.empty()) message += " (" + parts.hint + ")";
  return message;
}

}  // namespace

Error::Error(ErrorParts parts) : std::runtime_error(Message(parts)), parts_(std::move(parts)) {}

}  // namespace murine
