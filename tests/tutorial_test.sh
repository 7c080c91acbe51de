#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The commands of the Sensorium tutorial run as they are written, with a small scan and small networks in place of large ones.
set -euo pipefail
murine=$(realpath "$1")
page=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/docs/tutorial-sensorium.md
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$murine" simulate --stimuli dead-leaves:90x36x64 --neurons 12 --images 70 --oracle-images 20 --repeats 3 \
  --out static22846-10-16-GrayImageNet-0/ --quiet --json >/dev/null
/usr/bin/python3 - <<'PYTHON'
import os, random
os.mkdir("CIFAR")
rng = random.Random(1)
for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
    with open(f"CIFAR/{name}.bin", "wb") as file:
        for _ in range(40):
            file.write(bytes([rng.randrange(10)]) + rng.randbytes(3072))
PYTHON

block() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$page" | grep -v '^```' |
  sed 's/@0-5000/@0-80/g; s/@0-1000/@0-30/g; s/0 1 2/0 1/; s/0, 1, 2/0, 1/'; }
block toml >sensorium.toml
block sh >commands.sh
[ "$(grep -c murine commands.sh)" -ge 12 ]

# What makes each command small; everything else is as the tutorial has it.
murine() {
  local small=()
  case $1 in
    fit) small=(--max-epochs 1 --channels 4) ;;
    train) small=(--width 2 --epochs 1) ;;
    evaluate) small=(--pgd-steps 1 --attack-steps 2) ;;
    analyze) small=(--images 4 --attack-steps 2) ;;
    run) small=(--set train.width=2 --set train.epochs=1 --set models.mouse.max-epochs=1 --set models.mouse.channels=4
      --set evaluate.pgd-steps=1 --set evaluate.data=cifar10:CIFAR@0-30) ;;
  esac
  echo "murine $*"
  "$murine" "$@" "${small[@]}" --threads 1 >log 2>&1 || { cat log; return 1; }
}
source ./commands.sh
for made in scan.json mouse.safetensors neural.npy neural-seed1.json why.json report.html neural.onnx sensorium/report.html; do
  [ -s "$made" ] || { echo "not made: $made"; exit 1; }
done
