#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reference says what --help says, every command is in it, links lead somewhere, and the Python of the tutorials runs.
set -euo pipefail
murine=$(realpath "$1")
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$murine" manual --out manual --quiet --json >/dev/null
diff "$source/docs/commands.md" manual/commands.md || { echo "docs/commands.md is not what --help says: murine manual --out DIR writes it anew"; exit 1; }
for command in $("$murine" --help | sed -n '/^Subcommands:/,$p' | awk '/^  [a-z]/ {print $1}'); do
  grep -q "^## murine $command\$" "$source/docs/commands.md" || { echo "not in the reference: $command"; exit 1; }
  section=$(sed -n "/^## murine $command\$/,/^## /p" "$source/docs/commands.md")
  for option in $("$murine" "$command" --help | grep -oE '^  (-h,)?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'); do
    grep -q -- "$option" <<<"$section" ||
      { echo "not in the reference: $command $option"; exit 1; }
  done
  grep -q -- '^| `--seed ' <<<"$section" || { echo "no --seed: $command"; exit 1; }
done
# Completion: of a command its options, of one inside another its own.
completed() {
  bash -c 'source manual/murine.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _murine; echo " ${COMPREPLY[*]} "' _ "$@"
}
grep -q ' similarity ' <<<"$(completed murine sim)"
grep -q ' --max-memory ' <<<"$(completed murine similarity --ma)"
grep -q ' compare ' <<<"$(completed murine similarity com)"
grep -q ' --permutations ' <<<"$(completed murine similarity compare --perm)"
if command -v mandoc >/dev/null; then mandoc -T lint -W error manual/man1/*.1; fi

bad=0
for page in "$source"/*.md "$source"/docs/*.md; do
  for link in $(grep -oE '\]\([^)#:]+\)' "$page" | sed 's/^](//; s/)$//'); do
    [ -e "$(dirname "$page")/$link" ] || { echo "$page: no $link"; bad=1; }
  done
done
[ $bad = 0 ]

"$murine" train --data fashion-mnist@0-300 --width 2 --epochs 1 --batch 50 --alpha 5 --out run 2>said >/dev/null
grep -q -- '--alpha changes nothing without --target' said
"$murine" evaluate run --data fashion-mnist@0-20 --noise gaussian:0,0.1 --out results.json --quiet >/dev/null
sed -n '/^```python$/,/^```$/p' "$source/docs/tutorial-quickstart.md" | grep -v '^```' >six.py
[ -s six.py ] && [ "$(grep -c . six.py)" -le 6 ]
said=$(/usr/bin/python3 six.py)
grep -q 'gaussian 0.1' <<<"$said"
