#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is installed works: the program, its manual, and a program of someone else's that is built on it; the Debian
# package holds the same.
set -euo pipefail
murine=$1
build=$(dirname "$murine")
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --build "$build" --target murine_manual >/dev/null
cmake --install "$build" --prefix "$folder/usr" >/dev/null
installed=$folder/usr/bin/murine
[ "$("$installed" --version)" = "$("$murine" version --json --quiet | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])')" ]
for page in murine murine-train murine-similarity-compare; do [ -s "$folder/usr/share/man/man1/$page.1" ]; done

# completion knows every command
mapfile -t completed < <(bash -c 'source "$1"; COMP_WORDS=(murine ""); COMP_CWORD=1; _murine; printf "%s\n" "${COMPREPLY[@]}"' - \
  "$folder/usr/share/bash-completion/completions/murine")
for command in simulate fit train evaluate analyze report export run version; do
  [[ " ${completed[*]} " == *" $command "* ]] || { echo "no completion for $command"; exit 1; }
done
options=$(bash -c 'source "$1"; COMP_WORDS=(murine train --ep); COMP_CWORD=2; _murine; echo "${COMPREPLY[*]}"' - \
  "$folder/usr/share/bash-completion/completions/murine")
[ "$options" = --epochs ]

cmake -S "$source/examples/consumer" -B "$folder/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$folder/usr" \
  -DCMAKE_BUILD_TYPE=Debug >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cmake --build "$folder/consumer" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
"$murine" train --data fashion-mnist@0-200 --width 2 --epochs 1 --batch 50 --out "$folder/run" --quiet >/dev/null
"$folder/consumer/consumer" "$folder/run" fashion-mnist >"$folder/said"
grep -q 'ResNet-18, width 2' "$folder/said"

command -v dpkg-shlibdeps >/dev/null || { echo "no dpkg-dev: the Debian package is not tested"; exit 0; }
(cd "$folder" && cpack --config "$build/CPackConfig.cmake" -B "$folder/deb" >"$folder/log" 2>&1) || { cat "$folder/log"; exit 1; }
dpkg-deb --contents "$folder"/deb/*.deb >"$folder/contents"
for file in usr/bin/murine usr/share/man/man1/murine-run.1 usr/include/murine/nn/resnet.h; do
  grep -q "$file" "$folder/contents" || { echo "not in the package: $file"; exit 1; }
done
[[ $(dpkg-deb --field "$folder"/deb/*.deb Depends) == *libtorch* ]]
