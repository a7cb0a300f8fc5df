#!/bin/sh
# Runs the checks of how the code looks, one line each with its seconds, and what they complain of.
# Closes with "N passed, N failed"; exit 1 when one fails.
# usage: run.sh FILE.o…    the objects, for the check of mutable statics
set -u
cd "$(dirname "$0")/../.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0

ours() { git ls-files --cached --others --exclude-standard "$@"; }
layers() { tests/lint/layers.sh; }
sizes() { tests/lint/sizes.sh; }
banned() { tests/lint/banned.sh; }
statics() { tests/lint/statics.sh "$@"; }
format() { ours '*.c' '*.h' | xargs clang-format --dry-run -Werror; }
lua() { ours '*.lua' | grep -v '^tests/apps/bad/' | xargs -r -n1 luac5.4 -p; }

for check in layers sizes banned statics format lua; do
    start=$(date +%s)
    if "$check" "$@" >"$log" 2>&1; then
        result=ok passed=$((passed + 1))
    else
        result=FAILED failed=$((failed + 1))
    fi
    printf '%-8s %s, %d s\n' "$check" "$result" $(($(date +%s) - start))
    cat "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
