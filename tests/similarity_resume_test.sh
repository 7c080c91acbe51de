#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A target that is interrupted and killed again and again ends in the same bytes as one that is left alone, and one that
# finds no room leaves nothing behind.
set -euo pipefail
murine=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
/usr/bin/python3 -c '
import numpy as np
np.save("images.npy", np.random.default_rng(0).integers(0, 256, (5000, 32, 32), dtype=np.uint8))'

make() { exec "$murine" similarity --kind pixel --stimuli npy:images.npy --max-memory 100MiB --quiet --out "$1"; }
(make whole.npy >/dev/null)
for stop in "INT 0.5" "INT 0.8" "KILL 0.9" "INT 1.1" "KILL 1.3"; do
  read -r signal delay <<<"$stop"
  (make broken.npy >/dev/null 2>message) & pid=$!
  sleep "$delay"
  kill -"$signal" "$pid" 2>/dev/null || true  # on a fast machine it may have ended by itself: status 0 below
  status=0
  wait "$pid" || status=$?
  case $status in
    0 | 137) ;;
    130) grep -q 'interrupted' message || [ ! -s message ] ;;  # empty: it was still starting
    *) echo "exit status $status"; cat message; exit 1 ;;
  esac
done
(make broken.npy >/dev/null)
cmp whole.npy broken.npy
cmp whole.json broken.json
[ ! -e broken.npy.unfinished ] && [ ! -e broken.npy.unfinished.json ]

# No room: a limit of the file size is as a full disk.
if (ulimit -f 1000; trap '' XFSZ; make none.npy >/dev/null 2>message); then
  echo "a matrix larger than the disk was written"; exit 1
fi
grep -q '^error: cannot write the matrix in none.npy' message
[ "$(grep -c '' message)" = 1 ]
[ -z "$(ls | grep none || true)" ]
