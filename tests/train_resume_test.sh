#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A training that is killed again and again ends in the same bytes as one that is left alone.
set -euo pipefail
murine=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"$murine" similarity --kind pixel --stimuli dead-leaves:40x16x24 --out S.npy --quiet >/dev/null
train() {  # of a width that takes the fast path where the CPU has one
  exec "$murine" train --data fashion-mnist@0-700 --stimuli dead-leaves:40x16x24 --target S.npy --width 8 --epochs 3 \
    --batch 32 --pair-images 8 --schedule linear --checkpoint-seconds 0 --quiet --precision "${2:-fp32}" --out "$1"
}
kill_after() {  # SECONDS, and what goes to train
  train "${@:2}" >/dev/null & pid=$!
  sleep "$1"
  # it may have ended by itself, and a killed process has a status that is no failure here
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
(train whole >/dev/null)
for delay in 0.7 1.1 1.6 2.3; do
  kill_after "$delay" broken
done
(train broken >/dev/null)
cmp whole/model.safetensors broken/model.safetensors
cmp whole/results.json broken/results.json
cmp whole/config.toml broken/config.toml

# The same in bfloat16, where the CPU can.
if (train whole16 bf16 >/dev/null 2>message); then
  for delay in 1.0 2.0; do
    kill_after "$delay" broken16 bf16
  done
  (train broken16 bf16 >/dev/null)
  cmp whole16/model.safetensors broken16/model.safetensors
  if cmp -s whole/model.safetensors whole16/model.safetensors; then echo "bf16 gave the bits of fp32"; exit 1; fi
else
  grep -q -- '--precision bf16: expected a CPU with AVX2 or AVX-512' message
fi

# The finished run gives its result again, and removes what a process left that was killed at its very end; another
# configuration is refused and harms nothing.
touch whole/state.safetensors whole/.lock
(train whole >/dev/null)
[ ! -e whole/state.safetensors ] && [ ! -e whole/.lock ]
mv whole/metrics.jsonl kept  # a log, from which nothing else is made
(train whole >/dev/null)
mv kept whole/metrics.jsonl
before=$(sha256sum whole/*)
if "$murine" train --data fashion-mnist@0-700 --width 8 --epochs 3 --batch 32 --quiet --out whole 2>message; then
  echo "another configuration was accepted"; exit 1
fi
grep -q 'another configuration' message
[ "$before" = "$(sha256sum whole/*)" ]
