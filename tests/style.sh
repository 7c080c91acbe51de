#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-format is law, every source file has its licence line, and layers include only what is below them.
set -euo pipefail
cd "$1"
bad=0
folders=(src tests)
for more in bench fuzz; do if [ -d $more ]; then folders+=($more); fi; done
mapfile -t sources < <(find "${folders[@]}" -name '*.cc' -o -name '*.h' -o -name '*.js' | sort)
clang-format --dry-run -Werror "${sources[@]}" || bad=1
for file in "${sources[@]}" scripts/* $(find cmake "${folders[@]}" -name '*.sh' -o -name '*.py' -o -name '*.css' \
    -o -name '*.html' -o -name '*.cmake' -o -name 'CMakeLists.txt'); do
  head -3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || { echo "no SPDX line: $file"; bad=1; }
done

# The release build joins files into units: a test keeps its names to itself.
for file in src/*/*_test.cc; do
  grep -q "^namespace murine::$(basename "${file%.cc}") {" "$file" || { echo "not in its own namespace: $file"; bad=1; }
done

# The map names every file: in the first column of its layer's table, `## LAYER: ...`.
mapped=$(awk -F'|' '
  /^## / { layer = $1; sub(/^## /, "", layer); sub(/:.*/, "", layer) }
  /^\|/ { n = split($2, names, ","); for (i = 1; i <= n; ++i) { gsub(/ /, "", names[i]); print layer "/" names[i] } }' src/README.md)
for file in $(find src -mindepth 2 \( -name '*.cc' -o -name '*.h' \) ! -name '*_test.cc' ! -path 'src/cli/*'); do
  name=${file#src/}
  grep -qxF "${name%.*}" <<<"$mapped" || { echo "not in src/README.md: $file"; bad=1; }
done

declare -A below=(
  [base]="base"
  [io]="base io"
  [data]="base io data"
  [nn]="base io nn"
  [similarity]="base io data nn similarity"
  [robustness]="base io data nn robustness"
  [train]="base io data nn similarity robustness train"
  [analysis]="base io data nn similarity robustness analysis"
  [report]="base io report"
)
for layer in "${!below[@]}"; do
  [ -d "src/$layer" ] || continue
  while IFS=: read -r file line include; do
    folder=$(sed -E 's/.*"([a-z]+)\/.*/\1/' <<<"$include")
    [[ " ${below[$layer]} " == *" $folder "* ]] || { echo "$file:$line includes $folder/, not below $layer/"; bad=1; }
  done < <(grep -rnE '^#include "[a-z]+/' "src/$layer" --include='*.h' --include='*.cc' || true)
done
if grep -rnE 'torch::' src/base src/io src/data src/report; then echo "torch:: above where it may appear"; bad=1; fi
exit $bad
