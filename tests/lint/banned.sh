#!/bin/sh
# Looks for what banned.txt forbids, for JSON pasted together by hand, for TODO without an issue,
# and for white space that editors leave behind.
# Prints file:line: message; exit 1 when there is any.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0
complain() { # what is wrong; the places on standard input, "file:line:code"
    while IFS=: read -r file line code; do
        echo "$file:$line: $1:$code"
        echo >"$dir/bad"
    done
}
list() {
    git ls-files --cached --others --exclude-standard "$@"
}

# The code without comments (the preprocessor keeps the line numbers), then with its texts emptied.
list 'engine/*.[ch]' 'runtime/*.[ch]' | while read -r f; do
    gcc -fpreprocessed -dD -E -x c "$f" 2>/dev/null | awk -v file="$f" '
        /^# [0-9]+ "/ { n = $2 - 1; next }
        { n++; if ($0 != "") print file ":" n ":" $0 }'
done >"$dir/raw"
sed -E 's/"([^"\\]|\\.)*"/""/g' "$dir/raw" >"$dir/code"

tab=$(printf '\t')
while IFS="$tab" read -r pattern allowed instead; do
    case $pattern in '# '* | '') continue ;; esac
    [ "$allowed" = - ] && allowed='^$'
    grep -P "^[^:]*:[0-9]+:.*?(?:$pattern)" "$dir/code" |
        awk -F : -v allowed="$allowed" '$1 !~ allowed' | complain "banned here, use $instead"
done <tests/lint/banned.txt

grep -E '"[^"]*[{,]\\"[a-z_]+\\":' "$dir/raw" | grep -v '^engine/base/log\.c:' |
    complain "JSON is written by engine/value/json.h only"

list '*.c' '*.h' '*.sh' '*.mjs' '*.ts' '*.tsx' '*.css' '*.lua' '*.yaml' Makefile |
    grep -vE '^tests/(lint|apps/bad|fuzz/corpus)/' >"$dir/texts"
xargs grep -nE '\b(TODO|FIXME)\b' <"$dir/texts" | grep -vE '#[0-9]+|BOX_TODO|"[a-z]*todo' |
    grep -E '//|/\*| \*|# |-- ' | complain "a TODO needs an issue number (#12)"
xargs grep -nE '[[:space:]]+$' <"$dir/texts" | complain "white space at the end of the line"
grep -vE 'Makefile$' "$dir/texts" | xargs grep -nP '\t' | complain "a tab"

[ ! -e "$dir/bad" ] || bad=1
exit $bad
