#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An experiment that is killed once in every stage ends in the same bytes as one that is left alone; a changed
# line redoes only what hangs on it; two runs in one folder do not mix.
set -euo pipefail
murine=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >experiment.toml <<'END'
name = "tiny"
seeds = [0]
threads = 1
[recordings.mouse]
neurons = 12
images = 60
oracle-images = 6
repeats = 3
[models.mouse]
recording = "mouse"
channels = 4
max-epochs = 4
[targets.neural]
kind = "neural"
model = ["mouse"]
[targets.shuffled]
kind = "shuffled"
model = ["mouse"]
[train]
data = "fashion-mnist@0-400"
stimuli = "dead-leaves:30x36x64"
width = 4
epochs = 2
batch = 32
pair-images = 4
pairs = "all"
checkpoint-seconds = 0
[conditions.none]
[conditions.neural]
target = "neural"
[evaluate]
data = "fashion-mnist@0-100"
noise = "gaussian:0.1"
attacks = "pgd:linf:2/255"
pgd-steps = 3
END

# Each in a folder of its own: a run folder's config.toml names the paths it was given.
mkdir whole broken
cp experiment.toml whole
mv experiment.toml broken
run() { (cd "$1" && exec "$murine" run experiment.toml --out out "${@:2}"); }
run whole >table 2>/dev/null
grep -q 'pgd linf 2/255' table

for stage in 1 2 3 4 5 6 7 8; do
  : >log
  (cd broken && exec "$murine" run experiment.toml --out out) >/dev/null 2>>log & pid=$!
  until grep -q "^\[$stage/8\]" log; do
    kill -0 $pid 2>/dev/null || { echo "ended before stage $stage"; cat log; exit 1; }
    sleep 0.02
  done
  sleep 0.2
  # a short stage may have ended by itself, and a killed process has a status that is no failure here
  kill -KILL $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
done
run broken >/dev/null 2>&1
same() { diff -r --exclude='metrics.jsonl' --exclude='*.metrics.jsonl' "$1/out" "$2/out"; }
same whole broken

# A finished experiment gives its result again, as one JSON object, and changes nothing.
cp -a whole before
run whole --json --quiet >again.json
/usr/bin/python3 -c 'import json; r = json.load(open("again.json")); assert [c["name"] for c in r["conditions"]] == ["none", "neural"]'
same before whole

# A comment redoes nothing; another alpha redoes one training and its evaluation.
sed -i '1i # a comment' whole/experiment.toml
run whole >/dev/null 2>&1
same before whole
run whole --set conditions.neural.alpha=3 >/dev/null 2>&1
listing() { (cd "$1/out" && find runs results -mindepth 1 -maxdepth 1 | sort); }
[ "$(comm -13 <(listing before) <(listing whole) | wc -l)" = 4 ]  # run folder, results and their two tables of images

# One folder, one process.
exec 9<whole/out
flock -x 9
if run whole >/dev/null 2>message; then echo "two runs in one folder"; exit 1; fi
grep -q 'another process works in the folder' message
