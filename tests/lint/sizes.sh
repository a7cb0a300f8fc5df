#!/bin/sh
# Limits of shape (style.md): file 800 lines, header 250, function 80, 6 parameters.  What must be
# longer stands in exceptions.txt with the reason, and is printed each time.
# Needs universal-ctags.  Prints file:line: message; exit 1 when there is any.
set -eu
cd "$(dirname "$0")/../.."
tab=$(printf '\t')
format="F${tab}%F${tab}%n${tab}%e${tab}%N${tab}%S"
files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h')
{
    # shellcheck disable=SC2086
    wc -l $files | awk '$2 != "total" { print "L\t" $2 "\t" $1 }'
    # shellcheck disable=SC2086
    ctags -x --sort=no --languages=C --langmap=C:.c.h --kinds-C=f --fields=+neS \
        --_xformat="$format" $files || echo X
} | awk -F '\t' '
function complain(where, text) {
    print where ": " text
    bad = 1
}
# Commas outside inner parentheses, plus one.
function parameters(sig,    n, depth, i, c) {
    if (sig == "(void)" || sig == "()")
        return 0
    for (i = 1; i <= length(sig); i++) {
        c = substr(sig, i, 1)
        depth += (c == "(") - (c == ")")
        n += c == "," && depth == 1
    }
    return n + 1
}
function excused(name) {
    if (!(name in why))
        return 0
    used[name] = 1
    return 1
}
BEGIN {
    while ((getline line < "tests/lint/exceptions.txt") > 0) {
        if (line ~ /^#/ || line == "")
            continue
        name = line
        sub(/[ \t].*/, "", name)
        sub(/^[^ \t]*[ \t]+/, "", line)
        why[name] = line
    }
}
$1 == "X" { complain("tests/lint/sizes.sh", "universal-ctags is needed (apt install universal-ctags)") }
$1 == "L" {
    limit = $2 ~ /\.h$/ ? 250 : 800
    if ($3 > limit && !excused($2))
        complain($2 ":1", $3 " lines; at most " limit)
}
$1 == "F" {
    lines = $4 - $3 + 1
    n = parameters($6)
    name = $2 ":" $5
    total++
    over40 += lines > 40
    if ((lines > 80 || n > 6) && excused(name))
        next
    if (lines > 80)
        complain($2 ":" $3, "function " $5 " has " lines " lines; at most 80")
    if (n > 6)
        complain($2 ":" $3, "function " $5 " has " n " parameters; at most 6")
}
END {
    for (name in why)
        if (name in used)
            printf "allowed: %s: %s\n", name, why[name]
        else
            complain("tests/lint/exceptions.txt", name " needs no exception any more")
    printf "%d functions, %d over 40 lines\n", total, over40
    exit bad
}'
