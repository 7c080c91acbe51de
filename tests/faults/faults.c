/* SPDX-License-Identifier: Apache-2.0
 * Preloaded before murine by scripts/torture: calls that change files fail, come short or are the last ones.
 *
 *   FAULT_UNDER=/folder/  counts only calls on files below it
 *   FAULT_AT=N            the N-th such call, from 1; 0 or unset: none
 *   FAULT_KIND=fail       it fails with EIO, and every later one
 *             =full       it fails with ENOSPC, and every later one
 *             =short      it writes half of what it is asked for (writes alone), and every later one
 *             =kill       the process is killed before it
 *   FAULT_COUNT=/file     how many there were is written there at the end
 *   FAULT_ALIGNED=N       aligned allocations of N bytes and more, such as libtorch's of tensors, fail
 *   FAULT_CLOCK=1         the wall clock goes back an hour at every look at it; the steady clock goes on
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum Verdict { kPass, kFail, kShort };

static atomic_long calls;
static long fault_at;
static const char *kind, *under, *count_file;
static int clock_back;
static size_t aligned_most = (size_t)-1;
static atomic_long looks;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void Begin(void) {
  const char* at = getenv("FAULT_AT");
  fault_at = at ? atol(at) : 0;
  kind = getenv("FAULT_KIND");
  under = getenv("FAULT_UNDER");
  count_file = getenv("FAULT_COUNT");
  clock_back = getenv("FAULT_CLOCK") != NULL;
  if (getenv("FAULT_ALIGNED")) aligned_most = (size_t)atoll(getenv("FAULT_ALIGNED"));
}

__attribute__((destructor)) static void End(void) {
  if (!count_file) return;
  FILE* file = fopen(count_file, "w");
  if (!file) return;
  fprintf(file, "%ld\n", (long)calls);
  fclose(file);
}

static enum Verdict Count(int writes) {
  const long number = ++calls;
  if (!kind || fault_at <= 0 || number < fault_at) return kPass;
  if (strcmp(kind, "kill") == 0) {
    if (number == fault_at) kill(getpid(), SIGKILL);
    return kPass;
  }
  if (strcmp(kind, "short") == 0) return writes ? kShort : kPass;
  errno = strcmp(kind, "full") == 0 ? ENOSPC : EIO;
  return kFail;
}

static enum Verdict JudgePath(const char* path) {
  return under && path && path[0] == '/' && strncmp(path, under, strlen(under)) != 0 ? kPass : Count(0);
}

static enum Verdict Judge(int descriptor, int writes) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return kPass;
  if (under) {
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    const ssize_t size = readlink(link, path, sizeof(path) - 1);
    if (size < 0) return kPass;
    path[size] = 0;
    if (strncmp(path, under, strlen(under)) != 0) return kPass;
  }
  return Count(writes);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  const enum Verdict verdict = Judge(descriptor, 1);
  if (verdict == kFail) return -1;
  return REAL(write)(descriptor, bytes, verdict == kShort && size > 1 ? size / 2 : size);
}

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  const enum Verdict verdict = Judge(descriptor, 1);
  if (verdict == kFail) return -1;
  if (verdict == kShort && count > 0 && parts[0].iov_len > 1)
    return REAL(write)(descriptor, parts[0].iov_base, parts[0].iov_len / 2);
  return REAL(writev)(descriptor, parts, count);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  const enum Verdict verdict = Judge(descriptor, 1);
  if (verdict == kFail) return -1;
  return REAL(pwrite)(descriptor, bytes, verdict == kShort && size > 1 ? size / 2 : size, at);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  const enum Verdict verdict = Judge(descriptor, 1);
  if (verdict == kFail) return -1;
  return REAL(pwrite64)(descriptor, bytes, verdict == kShort && size > 1 ? size / 2 : size, at);
}

int fsync(int descriptor) { return Judge(descriptor, 0) == kFail ? -1 : REAL(fsync)(descriptor); }

int fdatasync(int descriptor) { return Judge(descriptor, 0) == kFail ? -1 : REAL(fdatasync)(descriptor); }

int ftruncate(int descriptor, off_t size) {
  return Judge(descriptor, 0) == kFail ? -1 : REAL(ftruncate)(descriptor, size);
}

int posix_fallocate(int descriptor, off_t at, off_t size) {
  return Judge(descriptor, 0) == kFail ? errno : REAL(posix_fallocate)(descriptor, at, size);
}

int rename(const char* from, const char* to) {
  return JudgePath(to) == kFail ? -1 : REAL(rename)(from, to);
}

int posix_memalign(void** out, size_t alignment, size_t size) {
  return size >= aligned_most ? ENOMEM : REAL(posix_memalign)(out, alignment, size);
}

static time_t Wall(void) { return 1700000000 - 3600 * (time_t)++looks; }

int clock_gettime(clockid_t clock, struct timespec* out) {
  if (!clock_back || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
    return REAL(clock_gettime)(clock, out);
  out->tv_sec = Wall();
  out->tv_nsec = 0;
  return 0;
}

int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  if (!clock_back) return REAL(gettimeofday)(out, zone);
  out->tv_sec = Wall();
  out->tv_usec = 0;
  return 0;
}

time_t time(time_t* out) {
  if (!clock_back) return REAL(time)(out);
  const time_t now = Wall();
  if (out) *out = now;
  return now;
}
