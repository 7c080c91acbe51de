#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench/ranks.sh MURINE [SIZE...]: how much faster 1, SIZE (2) processes of one thread each, over loopback, train and
# evaluate: medians of three rounds, in turn. Leave the machine alone meanwhile.
set -euo pipefail
murine=$(realpath "$1")
shift
sizes=(1 "${@:-2}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset RANK WORLD_SIZE MASTER_ADDR MASTER_PORT
"$murine" similarity --kind pixel --stimuli dead-leaves:200x36x64 --out S.npy --quiet >/dev/null

# on SIZE ARGUMENT...: the seconds that all took, the result in out.0
on() {
  local size=$1 port start pids=()
  shift
  port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  start=$(date +%s.%N)
  for ((rank = 0; rank < size; ++rank)); do
    RANK=$rank WORLD_SIZE=$size MASTER_ADDR=127.0.0.1 MASTER_PORT=$port "$murine" "$@" --threads 1 --quiet --json >out.$rank &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  /usr/bin/python3 -c 'import sys, time; print(time.time() - float(sys.argv[1]))' "$start"
}

for round in 1 2 3; do
  for size in "${sizes[@]}"; do
    for width in 16 64; do
      rm -rf run
      on "$size" train --data fashion-mnist@0-2600 --resize 32x32 --width $width --epochs 1 --batch 128 --parts 2 --out run >/dev/null
      /usr/bin/python3 -c 'import json; print(json.load(open("out.0"))["images_per_second"])' >>"train-$width.$size"
    done
    rm -rf regularized
    on "$size" train --data fashion-mnist@0-2600 --resize 32x32 --width 16 --epochs 1 --batch 128 --parts 2 \
      --stimuli dead-leaves:200x36x64 --target S.npy --pair-images 64 --out regularized >/dev/null
    /usr/bin/python3 -c 'import json; print(json.load(open("out.0"))["images_per_second"])' >>"regularized-16.$size"
    rm -f attacks.json*
    seconds=$(on "$size" evaluate regularized --data fashion-mnist@0-1000 --batch 50 --noise gaussian:0.1 --attacks 'pgd:linf:2/255' --out attacks.json)
    /usr/bin/python3 -c 'import sys; print(1 / float(sys.argv[1]))' "$seconds" >>"evaluate-16.$size"
  done
  echo "round $round of 3 done" >&2
done
/usr/bin/python3 - "${sizes[@]}" <<'PYTHON'
import statistics, sys
median = lambda name, size: statistics.median(float(line) for line in open(f"{name}.{size}"))
print("| job | processes | rate | times one process | efficiency |\n| --- | --- | --- | --- | --- |")
for name, unit in (("train-16", "images/s"), ("train-64", "images/s"), ("regularized-16", "images/s"), ("evaluate-16", "jobs/s")):
    for size in sys.argv[1:]:
        rate, times = median(name, size), median(name, size) / median(name, 1)
        print(f"| `{name}` | {size} | {rate:.3g} {unit} | {times:.2f} | {100 * times / int(size):.0f} % |")
PYTHON
