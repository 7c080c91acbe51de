#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Trainings with noise, adversarial images and a blur, alone and beside a similarity target: killed or not, the same
# bytes; the model file holds its blur, and whoever loads it sees through it.
set -euo pipefail
murine=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"$murine" similarity --kind pixel --stimuli dead-leaves:30x12x12 --out S.npy --quiet >/dev/null
train() {
  exec "$murine" train --data fashion-mnist@0-200 --width 4 --epochs 2 --batch 32 --schedule linear --threads 1 \
    --checkpoint-seconds 0 --quiet --out "$@"
}
context=(--augment crop,flip,noise:0.1 --adversarial 2/255 --adversarial-steps 2 --blur 1
  --stimuli dead-leaves:30x12x12 --target S.npy --pair-images 6)
(train whole "${context[@]}" >/dev/null)
for delay in 1.5 2.5; do
  train broken "${context[@]}" >/dev/null & pid=$!
  sleep "$delay"
  # it may have ended by itself, and a killed process has a status that is no failure here
  # it may have ended by itself, and a killed process has a status that is no failure here
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
done
(train broken "${context[@]}" >/dev/null)
for file in model.safetensors results.json; do cmp whole/$file broken/$file; done

# Each condition alone changes the network; none of them changes what a training without it gives.
(train none >/dev/null)
(train noise --augment crop,flip,noise:0.1 >/dev/null)
(train pgd --adversarial 2/255 --adversarial-steps 2 >/dev/null)
(train blur --blur 1 >/dev/null)
for other in noise pgd blur; do ! cmp -s none/model.safetensors $other/model.safetensors; done

# What the results say, and what evaluation sees.
"$murine" evaluate blur --data fashion-mnist@0-200 --noise gaussian:0.2 --out blur.json --json --quiet >blur.out
/usr/bin/python3 - <<'END'
import json
result = json.load(open("whole/results.json"))["result"]
assert result["clamp"] == 1e-5, result
validation = result["validation"]
assert validation["n"] == 2 and [t["level"] for t in validation["noise"]] == [0.04, 0.06, 0.08, 0.1], validation
assert json.load(open("none/results.json"))["result"]["clamp"] is None
seen = json.load(open("blur.out"))
assert "Gaussian of 1 pixels" in seen["model_description"], seen["model_description"]
head = open("blur/model.safetensors", "rb").read()
size = int.from_bytes(head[:8], "little")
model = json.loads(json.loads(head[8:8 + size])["__metadata__"]["resnet"])
assert model["blur"] == 1
END

for bad in "--adversarial 9/0" "--adversarial much" "--adversarial 1.5" "--blur -1" "--augment noise:2" \
    "--adversarial-steps 0" "--validation-noise gauss:1"; do
  # shellcheck disable=SC2086 # two words
  if "$murine" train --data fashion-mnist@0-300 --width 4 --out bad $bad >/dev/null 2>message; then echo "accepted: $bad"; exit 1; fi
  grep -q '^error: ' message || { echo "$bad"; cat message; exit 1; }
done
