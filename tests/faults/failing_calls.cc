// SPDX-License-Identifier: Apache-2.0
// Calls that the program's own definitions take in place of libc's.
#include "tests/faults/failing_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace {

constexpr int kNothing = -1;
std::atomic<int> failing = kNothing;  // a FaultKind
std::atomic<int64_t> calls, first, last;

bool Fails(murine::FaultKind kind, int number) {
  if (failing.load(std::memory_order_relaxed) != static_cast<int>(kind)) return false;
  const int64_t call = ++calls;
  if (call < first || call > last) return false;
  errno = number;
  return true;
}

bool NoMemory() { return Fails(murine::FaultKind::kAllocation, ENOMEM); }
bool CallFails(int number = EIO) { return Fails(murine::FaultKind::kCall, number); }

// Messages on a terminal or into a pipe are no files.
bool IsFile(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

bool OnFileFails(int descriptor, int number = EIO) {
  return failing.load(std::memory_order_relaxed) != kNothing && IsFile(descriptor) && CallFails(number);
}

template <class Function>
Function* Real(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int OpenReally(const char* name, const char* path, int flags, mode_t mode) {
  if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 && CallFails(ENOSPC)) return -1;
  return Real(&open, name)(path, flags, mode);
}

FILE* OpenStream(const char* name, const char* path, const char* mode) {
  if (strpbrk(mode, "wa+") != nullptr && CallFails(ENOSPC)) return nullptr;
  return Real(&fopen, name)(path, mode);
}

}  // namespace

namespace murine {

Fault::Fault(FaultKind kind, int64_t at, FaultSpan span) {
  calls = 0;
  first = at;
  last = span == FaultSpan::kOnce ? at : INT64_MAX;
  failing = static_cast<int>(kind);
}
Fault::~Fault() { failing = kNothing; }
bool Fault::hit() const { return calls >= first; }

}  // namespace murine

extern "C" {

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t size) { return NoMemory() ? nullptr : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return NoMemory() ? nullptr : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return NoMemory() ? nullptr : __libc_realloc(old, size); }
void* memalign(size_t alignment, size_t size) {
  return NoMemory() ? nullptr : __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** out, size_t alignment, size_t size) {
  void* block = memalign(alignment, size);
  if (block == nullptr) return ENOMEM;
  *out = block;
  return 0;
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return OpenReally("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return OpenReally("open64", path, flags, mode);
}
FILE* fopen(const char* path, const char* mode) { return OpenStream("fopen", path, mode); }
FILE* fopen64(const char* path, const char* mode) { return OpenStream("fopen64", path, mode); }

ssize_t write(int file, const void* bytes, size_t size) {
  return OnFileFails(file, ENOSPC) ? -1 : Real(&write, "write")(file, bytes, size);
}
ssize_t writev(int file, const iovec* parts, int count) {
  return OnFileFails(file, ENOSPC) ? -1 : Real(&writev, "writev")(file, parts, count);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  return OnFileFails(file, ENOSPC) ? -1 : Real(&pwrite, "pwrite")(file, bytes, size, at);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  return OnFileFails(file, ENOSPC) ? -1 : Real(&pwrite64, "pwrite64")(file, bytes, size, at);
}
// Nothing here outlives the machine: what is synced need not reach the disk.
int fsync(int file) { return OnFileFails(file) ? -1 : 0; }
int fdatasync(int file) { return OnFileFails(file) ? -1 : 0; }
int syncfs(int file) { return OnFileFails(file) ? -1 : 0; }
int ftruncate(int file, off_t size) {
  return OnFileFails(file) ? -1 : Real(&ftruncate, "ftruncate")(file, size);
}
int posix_fallocate(int file, off_t at, off_t size) {
  return OnFileFails(file) ? ENOSPC : Real(&posix_fallocate, "posix_fallocate")(file, at, size);
}
// The descriptor is closed all the same, as Linux does it.
int close(int file) {
  const bool fails = (fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY && OnFileFails(file);
  const int status = Real(&close, "close")(file);
  if (fails) errno = EIO;
  return fails ? -1 : status;
}
int rename(const char* from, const char* to) { return CallFails() ? -1 : Real(&rename, "rename")(from, to); }
int mkdir(const char* path, mode_t mode) {
  return CallFails(ENOSPC) ? -1 : Real(&mkdir, "mkdir")(path, mode);
}

}  // extern "C"
