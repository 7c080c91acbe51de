#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two jobs, or three shards, end in the same bytes as one; a failure stops only what hangs on it and is told; a full
# disk is one clear error and nothing is lost by it; --dry-run writes nothing.
set -euo pipefail
murine=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

/usr/bin/python3 - <<'END'
import numpy
draw = numpy.random.default_rng(0)
images = draw.integers(0, 256, (80, 16, 16), dtype=numpy.uint8)
numpy.save("images.npy", images)
numpy.save("labels.npy", numpy.arange(80) % 4)
numpy.save("trials.npy", draw.poisson(3.0, (80, 2, 7)).astype(numpy.float32))
END
cat >experiment.toml <<'END'
seeds = [3]
threads = 1
[recordings.v4]  # somebody's arrays
images = "images.npy"
trials = "trials.npy"
[classifiers.labels]
data = "npy:images.npy,labels.npy"
width = 2
epochs = 1
batch = 16
[targets.features]
kind = "features"
classifier = "labels"
layer = "layer1"
[targets.raw]
kind = "neural-raw"
recording = ["v4"]
stimuli = "recording:scan.h5"
[train]
data = "npy:images.npy,labels.npy"
stimuli = "npy:images.npy"
width = 2
epochs = 1
batch = 16
pair-images = 4
[conditions.none]
[conditions.features]
target = "features"
alpha = [2, 40]
[evaluate]
noise = "gaussian:0.1"
END
"$murine" import --images images.npy --trials trials.npy --out scan.h5 --quiet >/dev/null
mkdir one two shards
for each in one two shards; do cp experiment.toml ./*.npy scan.h5 $each; done
run() { (cd "$1" && exec "$murine" run experiment.toml --out out "${@:2}"); }
same() { diff -r --exclude=metrics.jsonl --exclude=logs "$1/out" "$2/out"; }

run one --dry-run --json --quiet >plan.json
[ ! -e one/out ]
run one >table 2>log
grep -q 'features alpha 40' table
grep -q 'all 10 stages done' log
grep -q '^\$ murine train .*--data=npy:images.npy,labels.npy' one/out/logs/runs-none-seed3-*.log
/usr/bin/python3 - <<'END'
import json
plan, result = json.load(open("plan.json")), json.load(open("one/out/results.json"))
assert len(plan["stages"]) == 10 and plan["unknown"] == 0 and not any(s["done"] for s in plan["stages"]), plan
assert all(s["seconds"] > 0 and s["peak_memory_bytes"] > 1e7 for s in plan["stages"]), plan
assert plan["seconds"] >= plan["seconds_with_jobs"] > 0
conditions = {c["name"]: c for c in result["conditions"]}
assert list(conditions) == ["none", "features alpha 2", "features alpha 40"], list(conditions)
assert conditions["features alpha 40"]["family"] == "features" and conditions["features alpha 40"]["alpha"] == 40
assert all(c["seeds"] == 1 for c in conditions.values())
END
run one --dry-run --json --quiet | grep -q '"done": 10'

run two --jobs 2 >/dev/null 2>&1
same one two

# The shards start in any order and wait for one another.
pids=()
for shard in 3 1 2; do
  run shards --shard $shard/3 >table-$shard 2>log-$shard & pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
same one shards
[ "$(cat log-? | grep '^\[' | grep -c ': done in')" = 10 ]  # each stage once
if run shards --shard 3/2 2>message; then exit 1; fi
grep -q 'malformed shard' message

# What cannot work is refused before the first stage.
if run two --set targets.features.layer=layer9 >/dev/null 2>message; then exit 1; fi
grep -q "unknown layer 'layer9'" message

# A stage that fails: the others are done, the message says why and where the log is.
if run two --set classifiers.labels.lr=1e20 >/dev/null 2>message; then exit 1; fi
grep -q 'train labels failed: .*is not finite' message
grep -q 'error: 1 of 10 stages failed and 5 could not run without them' message
log=$(sed -n 's/^ *its log: //p' message)
grep -q 'is not finite' "two/$log"

# A full disk: what is done stays, and the same command goes on. Needs a small disk of one's own.
if unshare -rm true 2>/dev/null; then
  mkdir small
  unshare -rm bash -c '
    set -euo pipefail
    mount -t tmpfs -o size=300k tmpfs small
    cd two
    "$0" run experiment.toml --out ../small/out >/dev/null 2>../message && exit 1
    mount -o remount,size=20m ../small
    "$0" run experiment.toml --out ../small/out >/dev/null 2>&1
    diff -r --exclude=metrics.jsonl --exclude=config.toml --exclude=logs ../one/out ../small/out' "$murine"
  grep -q '^error: .*stages failed' message
  grep -q 'No space left on device\|is there space left' message
fi
