#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Python reads what murine writes, and murine what Python writes: folder, zip and HDF5; and numpy computes the figures of
# `inspect` again. Skipped where numpy or h5py is absent.
set -euo pipefail
murine=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=1
cd "$folder"
check() { /usr/bin/python3 "$here/recording_python.py" "$@"; }

# what murine writes
"$murine" simulate --neurons 12 --images 30 --oracle-images 20 --repeats 6 --stimuli dead-leaves:50x16x24 --quiet \
  --out scan.h5 >/dev/null
"$murine" import scan.h5 --quiet --out static1-2-3-GrayImageNet-abc/ >/dev/null
check reads scan.h5 static1-2-3-GrayImageNet-abc
"$murine" inspect scan.h5 --json --quiet --out inspected.json >stdout.json
/usr/bin/python3 - <<'PYTHON'
import json
printed, stored = json.load(open("stdout.json")), json.load(open("inspected.json"))
assert len(stored.pop("file_sha256")) == 64  # of the file alone
assert printed == stored
PYTHON
check figures scan.h5 inspected.json

# there and back again: nothing is lost
"$murine" import static1-2-3-GrayImageNet-abc --quiet --out back.h5 >/dev/null
check same scan.h5 back.h5

# what Python writes, in the ways of numpy that murine itself does not use
check writes odd odd.zip odd.h5
for form in odd odd.zip odd.h5; do
  "$murine" import "$form" --quiet --out "read-$form.h5" >/dev/null
  check same-as-written "read-$form.h5"
  "$murine" inspect "$form" --json --quiet >"inspected-$form.json"
done
grep -q 'order of trials is hidden' inspected-odd.json
grep -q 'multi_match_id.*Python objects' inspected-odd.json
grep -q 'no statistics are stored' inspected-odd.json

# a stated resize, and the finished output again
"$murine" import odd --resize 4x6 --json --quiet --out small.h5 >first.json
grep -q '"image_size"' first.json
"$murine" import odd --resize 4x6 --json --quiet --out small.h5 >again.json
cmp first.json again.json
check size small.h5 4 6
[ ! -e evil.npy ] && [ ! -e ../evil.npy ]
