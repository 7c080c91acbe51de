#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The report in a browser: page_test.sh MURINE [FOLDER for screenshots].
set -euo pipefail
murine=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shots=${2:+$(realpath -m "$2")}
command -v chromium >/dev/null || { echo "skipped: there is no Chromium (Debian's package chromium)"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
quiet() { "$murine" "$@" --quiet >/dev/null; }

for seed in 0 1; do
  quiet train --data fashion-mnist@0-2000 --width 4 --epochs 1 --batch 64 --seed $seed --out plain-seed$seed
done
quiet train --data fashion-mnist@0-2000 --width 4 --epochs 1 --batch 64 --augment noise:0.2 --out noisy
for run in plain-seed0 noisy; do
  quiet evaluate $run --data fashion-mnist@0-100 --noise gaussian:0,0.1,0.2 --corruptions cifar10-c-like:1,3 \
    --attacks 'pgd:linf:1/255,4/255 fmn:l2' --attack-steps 20 --out $run.json 2>log
done
quiet simulate --neurons 20 --images 60 --oracle-images 20 --repeats 3 --stimuli dead-leaves:80x18x32 --out scan.h5
quiet inspect scan.h5 --out scan.json
quiet fit scan.h5 --channels 4 --layers 2 --max-epochs 2 --batch 16 --out mouse.safetensors
for kind in pixel gabor; do quiet similarity --kind $kind --stimuli dead-leaves:60x18x32 --out $kind.npy; done
quiet analyze plain-seed0 plain-seed1 noisy --data fashion-mnist@0-60 --images 20 --attack-steps 20 --recording scan.h5 \
  --target pixel.npy --stimuli dead-leaves:60x18x32 --out why.json
/usr/bin/python3 "$here/page_results.py"
quiet report plain-seed0.json noisy.json why.json scan.json mouse.safetensors pixel.npy gabor.npy sweep --out page.html
quiet report run*.json --out fifty.html
quiet report '<img src=x onerror="window.hacked=1">.json' evil.json evil evil.safetensors --out hostile.html
/usr/bin/python3 "$here/page_check.py" page.html fifty.html hostile.html $shots
