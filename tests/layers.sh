#!/usr/bin/env bash
# layers.sh LAYER...: prepares what the layers of tests need and runs each; one that fails does not hide the others.
# Kubernetes is built beside the layers that do not need it, which mostly wait.
# Says at the end how long each step and the slowest tests took. What was printed stays in target/test.log.
set -uo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
log=$target/test.log
mkdir -p "$target"
: >"$log"
times=$(mktemp)
export LCMAP_TIMES=${LCMAP_TIMES:-$times}
kubernetes=
trap '[ -z "$kubernetes" ] || kill -- "-$kubernetes" 2>/dev/null; rm -f "$times"' EXIT

failed=()
for step in prepare "$@"; do
    echo "== $step"
    tests/timed.sh "make $step" make --no-print-directory "$step" 2>&1 | tee -a "$log" || failed+=("$step")
    if [ "$step" = prepare ]; then
        tests/beside.sh make --no-print-directory kubernetes >"$target/kubernetes.log" 2>&1 &
        kubernetes=$! # the leader of its session, too
    fi
done

echo "== The slowest 20 tests"
sed -nE 's/^test (.+) \.\.\. (ok|FAILED) <([0-9.]+)s>$/\3 s  \1/p' "$log" | sort -rn | head -20 | sed 's/^/  /'
echo "== The time of each step"
cat "$LCMAP_TIMES"
awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
     END { printf "%d tests passed, %d failed, %d ignored\n", passed, failed, ignored }' "$log"
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}" >&2
    exit 1
fi
