#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An evaluation that is killed after every few batches ends in the same bytes as one that is left alone.
set -euo pipefail
murine=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"$murine" train --data fashion-mnist@0-400 --width 4 --epochs 1 --batch 32 --out run --quiet >/dev/null
evaluate() {
  exec "$murine" evaluate run --data fashion-mnist@0-60 --noise gaussian:0.1 --corruptions fog:2 --threads 1 \
    --attacks 'pgd:linf:4/255 fmn:l2 square:linf:4/255' --attack-steps 40 --batch "$2" --out "$1"
}
(evaluate whole.json 15) >/dev/null 2>&1

kills=0
lines() { [ -f broken.json.partial ] && wc -l <broken.json.partial || echo 0; }
while [ ! -f broken.json ] && [ $kills -lt 12 ]; do
  before=$(lines)
  (evaluate broken.json 15) >/dev/null 2>&1 & pid=$!
  until [ "$(lines)" -gt $((before + 1)) ]; do
    kill -0 $pid 2>/dev/null || break
    sleep 0.02
  done
  # it may have ended by itself, and a killed process has a status that is no failure here
  kill -KILL $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  kills=$((kills + 1))
done
[ $kills -ge 4 ] || { echo "killed only $kills times"; exit 1; }
(evaluate broken.json 15) >/dev/null 2>&1
for file in json json.images.csv json.attacks.csv; do cmp "whole.$file" "broken.$file"; done
[ ! -e broken.json.partial ]

# Interrupted: exit status 130, and what was done is kept.
status=0
(evaluate stopped.json 1) >/dev/null 2>log & pid=$!
until [ -f stopped.json.partial ] && [ "$(wc -l <stopped.json.partial)" -gt 5 ]; do sleep 0.02; done
kill -INT $pid
wait $pid || status=$?
[ $status = 130 ] || { echo "status $status"; cat log; exit 1; }
grep -q 'saved' log
(evaluate stopped.json 1) >/dev/null 2>&1
(evaluate whole1.json 1) >/dev/null 2>&1  # the last bits of a logit depend on the size of the batch
for file in json json.images.csv json.attacks.csv; do cmp "whole1.$file" "stopped.$file"; done
