#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Twenty kills over the stages and an experiment, and a little of each other fault, end in the bytes of undisturbed
# runs. scripts/torture does more of it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
torture="$here/../scripts/torture"
"$torture" --murine "$1" --only kills --kills 20 --minutes 1 --stages simulate,similarity,train,evaluate,run
