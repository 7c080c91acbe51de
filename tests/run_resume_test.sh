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
  # a short stage may have ended before its run was killed: then the next is killed once more
  until grep -q "^\[[$stage-8]/8\]" log || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
  sleep 0.7
  kill -KILL $pid 2>/dev/null || true  # the last stage may have ended by itself
  wait $pid && status=0 || status=$?
  # 137: killed. A run that ended by itself before has no excuse but to be done.
  [ $status = 137 ] || { [ $status = 0 ] && grep -q 'all 8 stages done' log; } ||
    { echo "status $status in stage $stage"; cat log; exit 1; }
done
run broken >/dev/null 2>&1
same() { diff -r --exclude='metrics.jsonl' --exclude='*.metrics.jsonl' --exclude=logs "$1/out" "$2/out"; }
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

# One seed more runs that seed alone.
cp -a whole before-seed
run whole --set 'seeds=[0,1]' >/dev/null 2>&1
(cd before-seed/out && find runs results -mindepth 1 -maxdepth 1) | while read -r path; do
  diff -r --exclude='metrics.jsonl' "before-seed/out/$path" "whole/out/$path"
done
[ "$(comm -13 <(listing before-seed) <(listing whole) | grep -c seed1)" = 8 ]  # of two conditions
[ "$(comm -13 <(listing before-seed) <(listing whole) | wc -l)" = 8 ]

# Other times of files are no reason to do anything again.
sleep 0.1
find whole/out -exec touch -d 2001-01-01 {} +
run whole --set 'seeds=[0,1]' >/dev/null 2>log
grep -q 'all 12 stages done' log
if grep -q '^\[' log; then echo "a stage was run again"; cat log; exit 1; fi

# An interrupted run says so; what was running has saved its state.
(cd whole && exec "$murine" run experiment.toml --set conditions.none.epochs=200 --out out) >/dev/null 2>log & pid=$!
until ls whole/out/runs/none-*/state.safetensors >/dev/null 2>&1; do
  kill -0 $pid || { cat log; exit 1; }
  sleep 0.05
done
# One folder, one process.
if run whole >/dev/null 2>message; then echo "two runs in one folder"; exit 1; fi
grep -q "another process works in the folder.*process $pid on $(uname -n)" message
kill -TERM $pid
wait $pid && status=0 || status=$?
[ $status = 130 ] || { echo "interrupted with status $status"; cat log; exit 1; }
grep -q 'error: interrupted' log
# readlink fails for processes that have just ended and for those of others: neither is a stage of ours
if { readlink /proc/[0-9]*/cwd || true; } | grep -qx "$(realpath whole)"; then echo "a stage has outlived its run"; exit 1; fi
