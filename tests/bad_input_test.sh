#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every bad input gets exactly one `error: ` that names the fault, the right exit status, and harms nothing: no file
# that was there is changed, and none is left behind.
set -euo pipefail
murine=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=1
mkdir "$folder/work"
cd "$folder/work"

# Good inputs and outputs, so that each row below is bad in one way alone.
"$murine" simulate --neurons 3 --images 8 --oracle-images 3 --repeats 2 --stimuli dead-leaves:11x16x24 --out scan.h5 \
  --quiet >/dev/null
"$murine" simulate --neurons 3 --images 30 --oracle-images 3 --repeats 2 --stimuli dead-leaves:33x16x24 --out long.h5 \
  --quiet >/dev/null
"$murine" import scan.h5 --out scan/ --quiet >/dev/null
/usr/bin/python3 "$here/bad_input_files.py" .
pixel="similarity --kind pixel --quiet"
train="train --width 2 --epochs 1 --batch 16 --quiet"
"$murine" $pixel --stimuli npy:images.npy --out S.npy >/dev/null
"$murine" $train --augment none --data npy:images.npy,labels.npy --out run >/dev/null
"$murine" evaluate run --data npy:images.npy,labels.npy --noise gaussian:0.1 --quiet --out results.json >/dev/null
head -c 3000 run/model.safetensors >cut.safetensors
cp results.json results.onnx
/usr/bin/python3 - <<'PYTHON'
import pathlib
model = bytearray(pathlib.Path("run/model.safetensors").read_bytes())
model[-100] ^= 1
pathlib.Path("flipped.safetensors").write_bytes(model)
target = bytearray(pathlib.Path("S.npy").read_bytes())
target[-1] ^= 1
pathlib.Path("damaged.npy").write_bytes(target)
pathlib.Path("damaged.json").write_bytes(pathlib.Path("S.json").read_bytes())
PYTHON

state() { find . -printf '%y %p\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum; }

# check STATUS MESSAGE ARGUMENT...: `$murine ARGUMENT...` fails as it should.
check() {
  local wanted=$1 message=$2 status=0 faults=
  shift 2
  timeout 60 "$murine" "$@" >"$PWD.out" 2>"$PWD.err" </dev/null || status=$?
  [ "$status" = "$wanted" ] || faults+=" exit status $status, not $wanted;"
  [ "$(grep -c '^error: ' "$PWD.err")" = 1 ] || faults+=" not one line of error;"
  # that a file is from elsewhere is said in any case
  [ "$(grep -v 'carries no hash' "$PWD.err" | grep -vc '^error: ')" = 0 ] || faults+=" more than the error;"
  grep -q -- "^error: .*$message" "$PWD.err" || faults+=" no '$message' in the message;"
  [ ! -s "$PWD.out" ] || faults+=" something on standard output;"
  local after
  after=$(state)
  # diff says by its status that there are differences: they are the message
  [ "$before" = "$after" ] || faults+=" files changed: $(diff <(echo "$before") <(echo "$after") | tr '\n' ' ' || true);"
  before=$after
  rows=$((rows + 1))
  [ -n "$faults" ] || return 0
  wrong=$((wrong + 1))
  printf 'murine %s\n  %s\n' "$*" "$faults"
  sed 's/^/  stderr: /' "$PWD.err"
}

# The rows of the table that are numbered $1 modulo 2, in a copy of the folder: half of the time is the loading of
# libtorch, and the two cores share it.
run_rows() {
  local rows=0 wrong=0 number=0 before status message arguments words
  cp -r "$folder/work" "$folder/work$1"
  cd "$folder/work$1"
  before=$(state)
  while IFS='|' read -r status message arguments; do
    case "$status" in '' | '#'*) continue ;; esac
    number=$((number + 1))
    [ $((number % 2)) = "$1" ] || continue
    arguments=${arguments//'$P'/$pixel}
    read -ra words <<<"${arguments//'$T'/$train}"
    message="${message%"${message##*[! ]}"}"
    check $status "${message# }" "${words[@]}"
  done <"$folder/table"
  echo "$rows rows, $wrong wrong"
  [ "$wrong" = 0 ]
}

# STATUS | part of the message (a pattern of grep) | arguments. $P and $T stand for the beginnings above.
cat >"$folder/table" <<'TABLE'
# IDX and CIFAR
1 | idx-cut/.*expected 5760 bytes for (40, 12, 12), got 5660 | $P --stimuli mnist:idx-cut --out new.npy
1 | not an IDX file of bytes in idx-magic/             | $P --stimuli mnist:idx-magic --out new.npy
1 | labels and images differ in number in idx-labels   | $T --data mnist:idx-labels --out new
1 | idx-label-10, label 0: expected 0 to 9, got 10     | $T --data fashion-mnist:idx-label-10 --out new
1 | truncated gzip file in idx-gzip/                   | $P --stimuli mnist:idx-gzip --out new.npy
1 | no such file in absent/                            | $T --data mnist:absent --out new
1 | truncated CIFAR file in cifar-cut/data_batch_1.bin | $T --data cifar10:cifar-cut --out new
1 | Python pickles, which are never read               | $T --data cifar10:cifar-pickle --out new
# npy
1 | file size and header differ in cut.npy             | $P --stimuli npy:cut.npy --out new.npy
1 | not an npy file in text.npy                        | $P --stimuli npy:text.npy --out new.npy
1 | unpickled in objects.npy                           | $P --stimuli npy:objects.npy --out new.npy
1 | bright.npy, image 0: expected 0 to 1               | $P --stimuli npy:bright.npy --out new.npy
1 | nan.npy, image 0: expected 0 to 1.*got nan         | $P --stimuli npy:nan.npy --out new.npy
1 | no images in npy:none.npy                          | $P --stimuli npy:none.npy --out new.npy
1 | labels-39.npy: expected (40,), got (39,)           | $T --data npy:images.npy,labels-39.npy --out new
1 | label outside the classes in labels-minus.npy      | $T --data npy:images.npy,labels-minus.npy --out new
1 | images without labels in npy:images.npy            | $T --data npy:images.npy --out new
1 | fewer training images than a batch                 | $T --data npy:images.npy,labels.npy@0-16 --out new
1 | at least 199 and those kept for validation, got 198 and 2 | train --width 2 --data fashion-mnist@0-200 --batch 199 --out new
1 | too few images in npy:images.npy@0-1               | similarity --kind shuffled --of pixel --stimuli npy:images.npy@0-1 --out new.npy
2 | --stride: expected 1 to the size.*got 0             | fit long.h5 --stride 0 --out new.safetensors
2 | --seed: expected an integer, 0 or more, got -1     | $P --stimuli npy:images.npy --seed -1 --out new.npy
2 | --seed: expected an integer, at most 9223372036854775807, got 18446744073709551616 | $P --stimuli npy:images.npy --seed 18446744073709551616 --out new.npy
2 | --seed: expected an integer, 0 or more, got 0x1    | $P --stimuli npy:images.npy --seed 0x1 --out new.npy
2 | --threads: expected an integer, 0 or more, got -5  | $P --stimuli npy:images.npy --threads -5 --out new.npy
2 | --alpha: expected a number, got ''                  | $T --data npy:images.npy,labels.npy --alpha= --out new
2 | --lr: expected a number, got '0x10'                | $T --data npy:images.npy,labels.npy --lr 0x10 --out new
2 | --lr: expected a number, got 'inf'                 | $T --data npy:images.npy,labels.npy --lr inf --out new
2 | --out: expected a name, got nothing                | $T --data npy:images.npy,labels.npy --out=
2 | --out: expected the name of a file, got nothing    | fit long.h5 --out=
2 | --out: expected SCAN.h5 or FOLDER/, got 'new.zip'  | import scan.h5 --out new.zip
2 | levels that six digits do not tell apart.*got 0.1000000001                    | evaluate run --data npy:images.npy,labels.npy --noise gaussian:0.1,0.1000000001 --out new.json
2 | nothing to compare with                            | analyze run --data npy:images.npy,labels.npy --parts likeness --out new.json
1 | cannot write into the folder in .*images.npy: got Not a directory | simulate --neurons 3 --images 8 --out images.npy/new.h5
1 | cannot write into the folder in .*images.npy: got Not a directory | fit long.h5 --out images.npy/new.safetensors
2 | --kind is missing                                  | similarity --stimuli npy:images.npy --out new.npy
2 | --model is for another kind of target              | $P --stimuli npy:images.npy --model long.h5 --out new.npy
2 | --out: expected the name of a file, got the folder new/ | $P --stimuli npy:images.npy --out new/
2 | --permutations: expected 0 to                      | similarity compare a.npy b.npy --permutations -1
2 | --momentum: expected 0 or more and below 1         | $T --data fashion-mnist@0-200 --momentum 1.5 --out new
2 | --channels: expected 1 to 4096, got -1             | fit long.h5 --channels -1 --out new.safetensors
2 | --batch: expected at least 1, got 0                | evaluate run --data npy:images.npy,labels.npy --batch 0 --out new.json
1 | slice beyond the end                               | $P --stimuli npy:images.npy@0-41 --out new.npy
1 | expected at least 8 x 8 pixels, got 4 x 4                   | $T --augment crop --data npy:small.npy,labels.npy --out new
# folders of images
1 | not an image that is read in pictures/a.png        | $P --stimuli folder:pictures --out new.npy
1 | no images in the folder in empty                   | $P --stimuli folder:empty --out new.npy
1 | cannot list the folder in absent                   | $P --stimuli folder:absent --out new.npy
# recordings
1 | hash does not fit its content in cut.h5            | inspect cut.h5
1 | not an HDF5 file, or a truncated one in text.h5    | fit text.h5 --out new.safetensors
1 | NaN in nan.h5 /responses trial 3, neuron 2         | inspect nan.h5
1 | negative in negative.h5 /responses trial 3, neuron 2.*got -0.25 | fit negative.h5 --out new.safetensors
1 | no /responses in no-responses.h5                   | inspect no-responses.h5
1 | no /tiers in no-tiers.h5                           | inspect no-tiers.h5
1 | 'trian' in odd-tier.h5.*did you mean 'train'       | inspect odd-tier.h5
1 | number-tiers.h5, /tiers: expected strings          | inspect number-tiers.h5
1 | half-ids.h5, /item_info/frame_image_id, item 0          | inspect half-ids.h5
1 | few-behavior.h5 /behavior: expected (14, 3)        | $P --stimuli recording:few-behavior.h5 --out new.npy
1 | NaN in nan-pupil.h5 /pupil_center trial 0          | inspect nan-pupil.h5
1 | few-positions.h5 /neurons/cell_motor_coordinates: expected (3, 3) | inspect few-positions.h5
1 | few-statistics.h5 /statistics/responses/all/std: expected 3 neurons | fit few-statistics.h5 --out new.safetensors
2 | --folds: expected 2 to 100, or 0 for none, got 1   | fit long.h5 --folds 1 --out new.safetensors
1 | too few images for 30 folds                        | fit long.h5 --folds 30 --out new.safetensors
2 | value of --readout 'gausian'.*did you mean 'gaussian' | fit long.h5 --readout gausian --out new.safetensors
2 | --scales: expected 1 to 8                          | fit long.h5 --scales 7 --out new.safetensors
1 | places from the cortex need cortical coordinates   | fit no-positions.h5 --places cortex --out new.safetensors
1 | images of one size in turned.h5: expected 16 x 24, as long.h5, got 24 x 16 | fit long.h5 turned.h5 --out new.safetensors
1 | few-order.h5 /item_info/trial_idx: expected 14 trials | inspect few-order.h5
# Sensorium folders and zip files
1 | no recording in it in tree-no-tiers                | inspect tree-no-tiers
1 | an array of strings is wanted in tree-number-tiers/meta/trials/tiers.npy | inspect tree-number-tiers
1 | 'trian' in tree-odd-tier/meta/trials/tiers.npy trial 4 | fit tree-odd-tier --out new.safetensors
1 | no file for trial 5 in tree-lost/data/images       | inspect tree-lost
1 | no data/responses in tree-no-responses             | inspect tree-no-responses
1 | not what the list of hashes says in tree-damaged/data/responses/3.npy | inspect tree-damaged
1 | file size and header differ in tree-cut/data/responses/3.npy | inspect tree-cut
1 | tree-few/data/responses/3.npy: expected 3 neurons  | import tree-few --out new.h5
1 | unpickled in tree-objects/data/responses/0.npy     | inspect tree-objects
1 | unpickled in tree-object-tiers/meta/trials/tiers.npy | inspect tree-object-tiers
1 | dtype that is not read in tree-complex/data/images/2.npy | inspect tree-complex
1 | tree-nan /responses trial 2, neuron 1              | $P --stimuli recording:tree-nan --out new.npy
1 | tree-size/data/images trial 7: expected (1, 16, 24) | import tree-size --out new/
1 | tree-behavior/data/behavior/1.npy: expected 3 values | inspect tree-behavior
1 | tree-statistics/meta/statistics/responses/all/std.npy: expected (3,) | inspect tree-statistics
1 | these are videos                                   | inspect tree-videos
1 | several recordings in it in trees: expected one    | inspect trees
1 | malformed JSON in tree-config/config.json          | inspect tree-config
1 | truncated or damaged one in cut.zip                | inspect cut.zip
1 | no recording in it in other.zip                    | inspect other.zip
1 | unpacks to more than it should in bomb.zip/scan/data/responses/0.npy | inspect bomb.zip
1 | an encrypted member of a zip file in locked.zip    | import locked.zip --out new.h5
1 | a wrong checksum                                   | inspect flipped.zip
1 | another configuration in empty                     | import scan.h5 --out empty/
1 | another configuration in S.json                    | inspect scan.h5 --out S.json
2 | either a recording or arrays                       | import scan.h5 --images images.npy --out new.h5
2 | malformed size                                     | import scan.h5 --resize 4by4 --out new.h5
2 | impossible --complex-share: expected 0 to 1        | simulate --complex-share 1.5 --out new.h5
2 | impossible --frequency-highest                     | simulate --frequency-highest 0.001 --out new.h5
2 | impossible --scan                                  | simulate --scan -1 --out new.h5
1 | other images than --stimuli names in scan.h5 | similarity --quiet --kind oracle --recording scan.h5 --stimuli npy:images.npy --out new.npy
1 | too few images to show                             | simulate --stimuli npy:images.npy --images 40 --oracle-images 1 --out new.h5
# models
1 | safetensors file, or a truncated one in text.safetensors | evaluate text.safetensors --data npy:images.npy,labels.npy --out new.json
1 | a header of 1099511627776 bytes in a file of 10    | evaluate lies.safetensors --data npy:images.npy,labels.npy --out new.json
1 | cut.safetensors                                    | evaluate cut.safetensors --data npy:images.npy,labels.npy --out new.json
1 | hash does not fit its content in flipped.safetensors | evaluate flipped.safetensors --data npy:images.npy,labels.npy --out new.json
1 | not a classifier of murine's in plain.safetensors  | evaluate plain.safetensors --data npy:images.npy,labels.npy --out new.json
1 | run/model.safetensors                              | predict run/model.safetensors --stimuli npy:images.npy --out new.npy
2 | the ending .safetensors or .onnx                   | export run --out new.pt
1 | absent                                             | export absent --out new.onnx
1 | no model.safetensors in empty                      | export empty --out new.onnx
1 | not a classifier of murine's in resnet.safetensors | export resnet.safetensors --out new.onnx
1 | not an ONNX model in results.onnx                  | export run --out results.onnx
1 | made by another configuration                      | export run --out resnet.safetensors
1 | cut.safetensors                                    | export cut.safetensors --out new.safetensors
1 | absent                                             | analyze absent --data npy:images.npy,labels.npy --out new.json
1 | images without labels                              | analyze run --data npy:images.npy --out new.json
2 | did you mean 'hybrid'                              | analyze run --data npy:images.npy,labels.npy --parts hybrids --out new.json
2 | --target and --stimuli go together                 | analyze run --data npy:images.npy,labels.npy --target S.npy --out new.json
1 | other stimuli in S.npy                             | analyze run --quiet --data npy:images.npy,labels.npy --target S.npy --stimuli npy:floats.npy --out new.json
1 | too few images to compare with in scan.h5          | analyze run --quiet --data npy:images.npy,labels.npy --recording scan.h5 --out new.json
1 | absent.h5                                          | analyze run --quiet --data npy:images.npy,labels.npy --recording absent.h5 --out new.json
1 | label outside the model's classes                  | analyze run --data npy:images.npy,labels-9.npy --out new.json
1 | other channels                                     | analyze run --data npy:colour.npy,labels.npy --color --out new.json
2 | --severity                                         | analyze run --data npy:images.npy,labels.npy --severity 6 --out new.json
1 | another configuration in results.json              | analyze run --quiet --data npy:images.npy,labels.npy --out results.json
2 | --out is missing                                   | report results.json
1 | no folder to watch in absent                       | report --watch absent
2 | excludes --watch                                   | report --watch empty results.json
1 | absent                                             | evaluate absent --data npy:images.npy,labels.npy --out new.json
1 | no model.safetensors in empty                      | evaluate empty --data npy:images.npy,labels.npy --out new.json
2 | does not say how inputs are scaled                 | evaluate resnet.safetensors --data npy:images.npy,labels.npy --out new.json
2 | malformed --normalize                              | evaluate resnet.safetensors --normalize 0.5 --data npy:images.npy,labels.npy --out new.json
2 | the stem of the ResNet                             | evaluate resnet.safetensors --normalize none --stem imagenet --data npy:images.npy,labels.npy --out new.json
1 | not a classifier of murine's in resnet-cut         | evaluate resnet-cut.safetensors --normalize none --data npy:images.npy,labels.npy --out new.json
2 | a TorchScript file is code                         | evaluate zip.pt --data npy:images.npy,labels.npy --out new.json
1 | not a TorchScript file, or a damaged one           | evaluate zip.pt --allow-torchscript --data npy:images.npy,labels.npy --out new.json
1 | images of other channels                           | evaluate run --data npy:colour.npy,labels.npy --color --out new.json
1 | label outside the model's classes in npy:images.npy,labels-9.npy, image 0 | evaluate run --data npy:images.npy,labels-9.npy --out new.json
1 | bright.npy, image 0: expected 0 to 1               | evaluate run --data npy:bright.npy,labels.npy --out new.json
1 | logits that are not finite in image 0              | evaluate --quiet nan.safetensors --normalize none --data npy:images.npy,labels.npy --out new.json
# corruptions and attacks
1 | cannot list the folder in absent                   | evaluate run --data npy:images.npy,labels.npy --corruptions frost --frost absent --out new.json
1 | no frost textures in the folder in empty           | evaluate run --data npy:images.npy,labels.npy --corruptions frost --frost empty --out new.json
1 | absent/labels.npy                                  | evaluate run --data npy:images.npy,labels.npy --cifar10-c absent --out new.json
1 | labels for five severities                         | evaluate run --data npy:images.npy,labels.npy --cifar10-c corrupted-few --out new.json
1 | of another test split in corrupted-other/labels.npy, row 0 | evaluate run --data npy:images.npy,labels.npy --cifar10-c corrupted-other --out new.json
1 | not corrupted images of this set in corrupted-shape/fog.npy | evaluate run --data npy:images.npy,labels.npy --cifar10-c corrupted-shape --out new.json
1 | absent                                             | evaluate run --data npy:images.npy,labels.npy --attacks pgd --transfer-from absent --out new.json
2 | --transfer-from says whom to attack                | evaluate run --data npy:images.npy,labels.npy --transfer-from run --out new.json
2 | did you mean 'fog'                                 | evaluate run --data npy:images.npy,labels.npy --corruptions fogg --out new.json
2 | no such severity                                   | evaluate run --data npy:images.npy,labels.npy --corruptions fog:6 --out new.json
2 | defined for L2 alone                               | evaluate run --data npy:images.npy,labels.npy --attacks cw:linf --out new.json
2 | element-wise                                       | evaluate run --data npy:images.npy,labels.npy --attacks pgd --targets elements --out new.json
2 | deepfool has no targeted form                      | evaluate run --data npy:images.npy,labels.npy --attacks deepfool --targets class-wise --out new.json
2 | --pgd-steps: expected at most 2147483647           | evaluate run --data npy:images.npy,labels.npy --attacks pgd --pgd-steps 4294967300 --out new.json
1 | nothing that this command writes in images.npy     | evaluate run --data npy:images.npy,labels.npy --out images.npy
1 | nothing that this command writes in images.npy     | analyze run --data npy:images.npy,labels.npy --out images.npy
1 | nothing that this command writes in images.npy     | fit long.h5 --out images.npy
1 | nothing that this command writes in images.npy     | train --data npy:images.npy,labels.npy --out images.npy
2 | --precision bf16                                   | train --data npy:images.npy,labels.npy --width 12 --precision bf16 --out new
2 | fp23                                               | train --data npy:images.npy,labels.npy --precision fp23 --out new
# similarity targets
1 | foreign-39.npy: expected 40 x 40                   | $T --data npy:images.npy,labels.npy --stimuli npy:images.npy --target foreign-39.npy --out new
1 | other stimuli in S.npy                             | $T --data npy:images.npy,labels.npy --stimuli npy:floats.npy --target S.npy --out new
1 | damaged: its hash does not fit                     | $T --data npy:images.npy,labels.npy --stimuli npy:images.npy --target damaged.npy --out new
1 | expected a square matrix, got (39, 40)             | similarity compare S.npy oblong.npy
1 | target-nan.npy, row 3, column 5.*got nan           | similarity compare target-nan.npy S.npy
1 | not symmetric in target-oneway.npy, row 3, column 5 | similarity compare S.npy target-oneway.npy
1 | different sizes                                    | similarity compare S.npy foreign-39.npy
1 | absent.npy: got No such file                       | similarity compare S.npy absent.npy
1 | different sizes                                    | similarity compare S.npy S.npy --permutations 9 --subjects S.npy foreign-39.npy
2 | several subjects                                   | similarity compare S.npy S.npy --permutations 9 --subjects S.npy
1 | too few images in npy:images.npy@3-4               | $P --stimuli npy:images.npy@3-4 --out new.npy
1 | no direction in npy:one-image.npy, image 0         | $P --stimuli npy:one-image.npy --out new.npy
1 | needs images with labels in npy:images.npy         | similarity --quiet --kind label --stimuli npy:images.npy --out new.npy
1 | no direction in npy:images.npy,one-label.npy, image 0 | similarity --quiet --kind label --stimuli npy:images.npy,one-label.npy --out new.npy
1 | neuron that never varies.*still.h5, neuron 1       | similarity --quiet --kind oracle --vectors zscore --recording still.h5 --stimuli recording:still.h5 --out new.npy
1 | NaN in nan.h5 /responses trial 3                   | similarity --quiet --kind oracle --recording nan.h5 --stimuli recording:scan.h5 --out new.npy
1 | other channels than the classifier                 | similarity --quiet --kind features --classifier run --color --stimuli npy:coloured.npy --out new.npy
1 | see grayscale images                               | similarity --quiet --kind gabor --color --stimuli npy:coloured.npy --out new.npy
1 | absent                                             | similarity --quiet --kind features --classifier absent --stimuli npy:images.npy --out new.npy
1 | no model.safetensors in empty                      | similarity --quiet --kind features --classifier empty --stimuli npy:images.npy --out new.npy
1 | no unit vector in long.npy, row 0                  | similarity compare S.npy long.npy
1 | --max-memory is too small                          | $P --max-memory 1KiB --stimuli npy:images.npy --out new.npy
# a folder where a file is wanted, and the other way round
1 | no recording in it in empty                        | inspect empty
1 | not a file in empty                                | similarity compare S.npy empty
1 | not a file in empty                                | $P --stimuli npy:empty --out new.npy
2 | --out: expected the name of a file, got the folder empty | $P --stimuli npy:images.npy --out empty
1 | in empty                                           | simulate --neurons 3 --images 8 --out empty
2 | --out: expected the name of a file, got the folder empty | evaluate run --data npy:images.npy,labels.npy --out empty
1 | Not a directory                                    | $P --stimuli npy:images.npy --out images.npy/new.npy
1 | text.h5                                            | $T --data npy:images.npy,labels.npy --out text.h5
# outputs that another configuration made, or somebody else
1 | another configuration in scan.h5.*seed = 1         | simulate --neurons 3 --images 8 --oracle-images 3 --repeats 2 --stimuli dead-leaves:11x16x24 --seed 1 --out scan.h5
1 | another configuration in S.npy.*threshold          | similarity --quiet --kind threshold --stimuli npy:images.npy --out S.npy
1 | another configuration in S.npy.*stimuli_hash       | $P --stimuli npy:floats.npy --out S.npy
1 | another configuration in run.*lr = 0.2             | $T --augment none --data npy:images.npy,labels.npy --lr 0.2 --out run
1 | another configuration in results.json.*noise       | evaluate run --data npy:images.npy,labels.npy --noise uniform:0.1 --quiet --out results.json
1 | not made by murine                                 | $P --stimuli npy:images.npy --out images.npy
# arrays to import
1 | responses-nan.npy, image 4, neuron 1.*got nan      | import --images images.npy --responses responses-nan.npy --out new.h5
1 | responses-minus.npy, image 7, neuron 2.*got -0.5   | import --images images.npy --responses responses-minus.npy --out new.h5
1 | expected (40, neurons).*got (39, 3)                | import --images images.npy --responses responses-39.npy --out new.h5
1 | trials-half.npy, image 3, repeat 1                 | import --images images.npy --trials trials-half.npy --out new.h5
1 | behavior-39.npy: expected (40, 3)                  | import --images images.npy --responses responses.npy --behavior behavior-39.npy --out new.h5
1 | unknown tier 'tset' in tiers-typo.npy, image 39    | import --images images.npy --responses responses.npy --tiers tiers-typo.npy --out new.h5
2 | either --responses or --trials                     | import --images images.npy --responses responses.npy --trials trials.npy --out new.h5
# experiments
1 | unknown attack 'pdg' in bad-attack.toml, \[evaluate\] | run bad-attack.toml --out new
1 | unknown key 'neuron' in unknown-key.toml, .recordings.mouse. | run unknown-key.toml --out new
1 | unknown key 'model' in unknown-table.toml.*'models' | run unknown-table.toml --out new
1 | unknown target 'nueral'.*'neural'                  | run unknown-target.toml --out new
1 | unknown recording 'rat'                            | run unknown-recording.toml --out new
1 | malformed TOML in broken.toml, line                | run broken.toml --out new
1 | without conditions in no-conditions.toml           | run no-conditions.toml --out new
1 | key 'seed' has no place.*\[train\]                 | run seed-in-train.toml --out new
1 | a name that cannot be a file's                     | run escaping-name.toml --out new
1 | seeds are different numbers                        | run negative-seed.toml --out new
1 | unknown key 'depht'.*'depth'                       | run unknown-target.toml --set train.depht=18 --out new
2 | malformed --set                                    | run unknown-target.toml --set train --out new
# wrong usage
2 | is required                                        | --quiet
2 | trian                                              | trian --data npy:images.npy --out new
2 | --neuron                                           | simulate --neuron 3 --out new.h5
2 | --out                                              | simulate --neurons 3
2 | --out                                              | $P --stimuli npy:images.npy
2 | cannot be called .json                             | $P --stimuli npy:images.npy --out new.json
2 | --data                                             | $T --out new
2 | --stimuli is missing                               | $P --out new.npy
2 | epochs                                             | train --data npy:images.npy,labels.npy --epochs many --out new
2 | --batch                                            | train --data npy:images.npy,labels.npy --batch 1 --out new
2 | --stimuli and --target go together                 | $T --data npy:images.npy,labels.npy --target S.npy --out new
2 | malformed size of memory                           | $P --max-memory lots --stimuli npy:images.npy --out new.npy
2 | kind features needs --classifier                   | similarity --quiet --kind features --stimuli npy:images.npy --out new.npy
2 | did you mean 'layer1'                              | similarity --quiet --kind features --classifier run --layer layer5 --stimuli npy:images.npy --out new.npy
2 | a control of a control                             | similarity --quiet --kind shuffled --of noise --stimuli npy:images.npy --out new.npy
2 | no vectors to take apart                           | similarity --quiet --kind spectrum --of threshold --stimuli npy:images.npy --out new.npy
2 | --low-threshold: expected above 0 and below        | similarity --quiet --kind threshold --range double --low-threshold 0.9 --stimuli npy:images.npy --out new.npy
2 | --share: expected above 0, at most 1               | similarity --quiet --kind eigen-top --of pixel --share 0 --stimuli npy:images.npy --out new.npy
2 | --reliability: expected above 0                    | similarity --quiet --kind noise --of pixel --reliability 2 --stimuli npy:images.npy --out new.npy
2 | --cycles: expected above 0                         | similarity --quiet --kind lowpass --cycles 0 --stimuli npy:images.npy --out new.npy
2 | 'double'                                           | similarity --quiet --kind threshold --range doubel --stimuli npy:images.npy --out new.npy
2 | 'zscore'                                           | similarity --quiet --kind oracle --vectors z-score --stimuli npy:images.npy --out new.npy
2 | did you mean 'pixel'                               | similarity --quiet --kind pixle --stimuli npy:images.npy --out new.npy
2 | did you mean 'cifar10'                             | $T --data cifar:images --out new
2 | malformed slice in npy:images.npy@5-5              | $P --stimuli npy:images.npy@5-5 --out new.npy
2 | malformed dead-leaves set                          | $P --stimuli dead-leaves:many --out new.npy
2 | image set without a path                           | $P --stimuli cifar10 --out new.npy
2 | malformed size                                     | $P --stimuli npy:images.npy --resize 8by8 --out new.npy
2 | unknown augmentation 'turn'                        | train --data npy:images.npy,labels.npy --batch 16 --augment turn --out new
2 | steps                                              | $T --data npy:images.npy,labels.npy --schedule step --out new
2 | did you mean 'gaussian'                            | evaluate run --data npy:images.npy,labels.npy --noise gauss --out new.json
2 | fgsm                                               | evaluate run --data npy:images.npy,labels.npy --attacks fgms --out new.json
2 | impossible --images                                | simulate --images 1 --out new.h5
TABLE

# No memory for a batch: libtorch's own error, which comes with a backtrace.
run_without_memory() {
  local rows=0 wrong=0 before
  cc -O1 -shared -fPIC -o "$folder/faults.so" "$here/faults/faults.c" -ldl
  cp -r "$folder/work" "$folder/work2"
  cd "$folder/work2"
  before=$(state)
  FAULT_ALIGNED=20000 LD_PRELOAD=$folder/faults.so \
    check 1 "out of memory" evaluate run --data npy:images.npy,labels.npy --noise gaussian:0.1 --out new.json
  [ "$rows $wrong" = "1 0" ]
}

# What cannot be printed is a failure, standard error that cannot be written is none, and no file takes the place of a
# closed stream.
run_without_streams() {
  local what=$folder/streams
  "$murine" version --json >/dev/full 2>"$what" && return 1
  grep -q '^error: cannot write to standard output: got No space left' "$what" || return 1
  "$murine" --help >/dev/full 2>"$what" && return 1
  "$murine" version --json >&- 2>"$what" && return 1
  grep -q '^error: cannot write to standard output' "$what" || return 1
  [ "$("$murine" version --json 2>/dev/full | grep -c '"version"')" = 1 ] || return 1
  "$murine" $pixel --stimuli npy:images.npy --out "$folder/unheard.npy" >&- 2>&- && return 1
  cmp S.npy "$folder/unheard.npy"
}

run_rows 0 >"$folder/first" & first=$!
failed=0
run_rows 1 || failed=1
wait "$first" || failed=1
cat "$folder/first"
run_without_memory || failed=1
run_without_streams || { echo "streams that cannot be written"; failed=1; }
exit $failed
