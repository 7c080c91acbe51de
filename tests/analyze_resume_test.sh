#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An analysis that is killed after every few parts ends in the same bytes as one that is left alone; two seeds are one
# condition, and a model is fully like itself.
set -euo pipefail
murine=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

for seed in 0 1; do
  "$murine" train --data fashion-mnist@0-400 --width 4 --epochs 1 --batch 32 --seed $seed --out net-seed$seed --quiet >/dev/null
done
"$murine" similarity --kind features --classifier net-seed0 --layer layer2 --stimuli fashion-mnist@0-40 --out own.npy --quiet >/dev/null
analyze() {
  exec "$murine" analyze net-seed0 net-seed1 alone=net-seed0 --data fashion-mnist@0-40 --images 10 --attack-steps 15 --severity 2 \
    --target own.npy --stimuli fashion-mnist@0-40 --threads 1 --out "$1"
}
(analyze whole.json) >/dev/null 2>&1
kills=0
lines() { [ -f broken.json.partial ] && wc -l <broken.json.partial || echo 0; }
while [ ! -f broken.json ] && [ $kills -lt 6 ]; do
  before=$(lines)
  (analyze broken.json) >/dev/null 2>&1 & pid=$!
  until [ "$(lines)" -gt $((before + 2)) ]; do
    kill -0 $pid 2>/dev/null || break
    sleep 0.02
  done
  # it may have ended by itself, and a killed process has a status that is no failure here
  kill -KILL $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  kills=$((kills + 1))
done
[ $kills -ge 3 ] || { echo "killed only $kills times"; exit 1; }
(analyze broken.json) >/dev/null 2>&1
for file in json json.fourier.0.png json.noise.png json.adversarial.png; do cmp "whole.$file" "broken.$file"; done
[ ! -e broken.json.partial ]
"$murine" analyze net-seed0 net-seed1 alone=net-seed0 --data fashion-mnist@0-40 --images 10 --attack-steps 15 --severity 2 \
  --target own.npy --stimuli fashion-mnist@0-40 --out whole.json --json --quiet >again.json  # finished: printed
/usr/bin/python3 - <<'PYTHON'
import json
whole = json.load(open("whole.json"))
del whole["file_sha256"]  # of the file alone
assert json.load(open("again.json")) == whole
names = [(c["name"], c["models"]) for c in whole["conditions"]]
assert names == [("net", 2), ("alone", 1)], names
likeness = whole["conditions"][1]["curves"]["rsa:own"]
assert abs(likeness["mean"][2] - 1) < 1e-5 and max(likeness["mean"][:2]) < 1, likeness  # layer2, its own
one, two = whole["conditions"][1]["values"]["gradient_norm"], whole["conditions"][0]["values"]["gradient_norm"]
assert two["models"] == 2 and two["se"] is not None and one["se"] is None and one["low"] < one["mean"] < one["high"]
PYTHON

# Interrupted: exit status 130, and finished parts are kept.
status=0
(analyze stopped.json) >/dev/null 2>log & pid=$!
until [ -f stopped.json.partial ] && [ "$(wc -l <stopped.json.partial)" -gt 2 ]; do sleep 0.02; done
kill -INT $pid
wait $pid || status=$?
[ $status = 130 ] || { echo "status $status"; cat log; exit 1; }
grep -q 'saved' log
(analyze stopped.json) >/dev/null 2>&1
cmp whole.json stopped.json

# A matrix from elsewhere does not say whose it is: other stimuli under it are another analysis.
cp own.npy foreign.npy
beside() {
  "$murine" analyze alone=net-seed0 --data fashion-mnist@0-40 --parts likeness --target foreign.npy --stimuli "$1" --out foreign.json \
    --json --quiet
}
beside fashion-mnist@0-40 >/dev/null
! beside fashion-mnist@40-80 >/dev/null 2>log || { echo "other stimuli, the same analysis"; exit 1; }
grep -q 'images_hash' log
