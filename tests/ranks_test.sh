#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One job on several processes of this machine: the same bytes whatever their number; one that dies or is interrupted
# ends all with one message, and the same command resumes; an environment that makes no sense is refused.
set -euo pipefail
murine=$1
folder=$(mktemp -d)
pids=()
# whatever is left: a process that has ended has no pid to kill, which is no failure here
trap 'kill -KILL "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
export OMP_NUM_THREADS=1 MURINE_RANK_TIMEOUT=60
unset RANK WORLD_SIZE MASTER_ADDR MASTER_PORT

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# start N ARGUMENT...: murine on ranks 0 .. N-1; a word RANK in the arguments stands for the rank.
start() {
  local size=$1 port
  shift
  port=$(free_port)
  pids=()
  for ((rank = 0; rank < size; ++rank)); do
    RANK=$rank WORLD_SIZE=$size MASTER_ADDR=127.0.0.1 MASTER_PORT=$port "$murine" "${@//RANK/$rank}" --quiet --threads 1 >out.$rank 2>err.$rank &
    pids+=($!)
  done
  rm -f err.$size
}
# finish STATUS ERRORS: every rank ends with that status (killed ones with 137), all of them say so many errors.
finish() {
  local wanted=$1 errors=$2 status
  for rank in "${!pids[@]}"; do
    status=0
    wait "${pids[$rank]}" || status=$?
    [ "$status" = "$wanted" ] || [ "$status" = 137 ] || { echo "rank $rank ended with $status, not $wanted"; cat err.*; exit 1; }
  done
  # rank 0 remarks that the accuracy of a set without a test split is of the images trained on, which is no error
  for rank in "${!pids[@]}"; do sed '/has no test split/d' err.$rank; done >said
  # where no error is wanted grep counts 0, and has status 1 for it
  [ "$(grep -c . said || true)" = "$errors" ] || { echo "not $errors lines of error:"; cat said; exit 1; }
  pids=()
}
on() {
  start "$@"
  finish 0 0
}
say() { grep -q -- "^error: .*$1" said || { echo "no '$1' in:"; cat said; exit 1; }; }

/usr/bin/python3 -c '
import numpy
random, labels = numpy.random.RandomState(0), numpy.arange(300) % 3
images = random.uniform(0, 0.6, (300, 12, 12)) + 0.2 * labels[:, None, None]
numpy.save("images.npy", images.astype("float32"))
numpy.save("labels.npy", labels)'
"$murine" similarity --kind pixel --stimuli dead-leaves:40x12x12 --out S.npy --quiet >/dev/null

# Training: bits depend on --parts, not on the number of processes.
train=(train --data npy:images.npy,labels.npy --stimuli dead-leaves:40x12x12 --target S.npy --width 8 --epochs 2 --batch 32
  --pair-images 16 --adversarial 2/255 --adversarial-steps 1 --schedule linear --checkpoint-seconds 0 --parts)
"$murine" "${train[@]}" 4 --quiet --threads 1 --out one >out
on 2 "${train[@]}" 4 --out two
on 4 "${train[@]}" 4 --out four
for run in two four; do
  for file in model.safetensors results.json config.toml; do cmp one/$file $run/$file; done
  [ "$(wc -l <$run/metrics.jsonl)" = 2 ]
done
grep -q clean_accuracy out.0
for rank in 1 2 3; do [ ! -s out.$rank ]; done
# What is finished is shown again.
on 2 "${train[@]}" 4 --out two
grep -q clean_accuracy out.0

# Evaluation: any number of processes.
evaluate=(evaluate one --data npy:images.npy,labels.npy@0-50 --batch 8 --noise gaussian:0.1,0.2 --corruptions fog:2
  --attacks 'pgd:linf:4/255 fmn:l2' --attack-steps 10 --out)
"$murine" "${evaluate[@]}" one.json --quiet --threads 1 >out
for size in 2 3; do
  on $size "${evaluate[@]}" $size.json
  for file in json json.images.csv json.attacks.csv; do cmp one.$file $size.$file; done
  [ ! -e $size.json.partial ]
done

# Until the file is there; an error where all ranks have ended before.
wait_for() {
  until [ -s "$1" ]; do
    kill -0 "${pids[@]}" 2>/dev/null || { echo "no $1, and all ranks have ended:"; cat err.*; exit 1; }
    sleep 0.01
  done
}

# A rank that is killed ends the others within seconds, with one message; the same command resumes.
died() {
  local file=$1 victim=$2 before
  wait_for "$file"
  before=$SECONDS
  kill -KILL "${pids[$victim]}"
  finish 1 1
  say 'lost another rank while it waited for .*goes on from what is saved'
  [ $((SECONDS - before)) -le 10 ] || { echo "ended only after $((SECONDS - before)) s"; exit 1; }
}
start 4 "${train[@]}" 4 --out killed
died killed/state.safetensors 2
[ ! -e killed/model.safetensors ]
on 2 "${train[@]}" 4 --out killed
for file in model.safetensors results.json; do cmp one/$file killed/$file; done
start 2 "${evaluate[@]}" killed.json
died killed.json.partial 0
on 2 "${evaluate[@]}" killed.json
cmp one.json killed.json

# An interrupt of any rank ends all, with the state saved.
start 2 "${train[@]}" 4 --out stopped
wait_for stopped/state.safetensors
kill -INT "${pids[1]}"
finish 130 1
say 'interrupted; the state after epoch .* is saved'
"$murine" "${train[@]}" 4 --quiet --threads 1 --out stopped >out
cmp one/model.safetensors stopped/model.safetensors

# Ranks that do not fit together.
start 2 train --data npy:images.npy,labels.npy --width 2 --epochs 1 --batch 32 --parts 2 --seed RANK --out other
finish 2 1
say 'different options or data in rank 1: expected seed = 0, as rank 0 has it, got seed = 1'
[ ! -e other ]

# refuse STATUS MESSAGE VARIABLE=VALUE...: one process in such an environment.
refuse() {
  local wanted=$1 message=$2 status=0
  shift 2
  env "$@" "$murine" train --data npy:images.npy,labels.npy --parts 2 --quiet --out other 2>said || status=$?
  [ $status = "$wanted" ] || { echo "status $status for $*"; cat said; exit 1; }
  [ "$(grep -c . said)" = 1 ] || { echo "not one line for $*"; cat said; exit 1; }
  say "$message"
}
there=(MASTER_ADDR=127.0.0.1 MASTER_PORT="$(free_port)" MURINE_RANK_TIMEOUT=1)
refuse 2 'without WORLD_SIZE' RANK=0 WORLDSIZE=2 "${there[@]}"
status=0
RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=1 "$murine" inspect S.npy 2>said || status=$?
[ $status = 2 ]
say 'murine inspect is the work of one process'
refuse 2 'RANK: expected a whole number from 0 to 1, got 2' RANK=2 WORLD_SIZE=2 "${there[@]}"
refuse 1 'MASTER_ADDR: expected a name or an address' RANK=1 WORLD_SIZE=2 "${there[@]}" MASTER_ADDR=no.such.machine.invalid
refuse 1 'rank 1 of 2 never came within 1 s' RANK=0 WORLD_SIZE=2 "${there[@]}"
refuse 1 'rank 1 of 2 waited for rank 0, which never came' RANK=1 WORLD_SIZE=2 "${there[@]}"
/usr/bin/python3 -c 'import socket, time; s = socket.socket(); s.bind(("", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(60)' >port &
pids=($!)
until [ -s port ]; do sleep 0.01; done
refuse 1 'the port is in use' RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT="$(cat port)"
kill "${pids[0]}"
[ ! -e other ]
