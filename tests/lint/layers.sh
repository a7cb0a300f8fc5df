#!/bin/sh
# Proves the layers: a folder includes only itself and what stands below it; a library's header is
# included in one place only; *_int.h stays in its folder; every path starts at the repository root;
# a .c file includes its own header first.  layers.txt says what is allowed.
# Prints file:line: message; exit 1 when there is any.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck disable=SC2046
awk -v table=tests/lint/layers.txt '
function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    bad = 1
}
# The layer of a path: engine/base/str.h is base, engine/engine.c is engine, runtime/x.c is runtime.
function layer(path,    part, n) {
    n = split(path, part, "/")
    if (part[1] == "engine" && n > 2)
        return part[2]
    return part[1]
}
function folder(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}
function may(from, to,    list, n, i) {
    if (from == to || below[from] == "*")
        return 1
    n = split(below[from], list, " ")
    for (i = 1; i <= n; i++)
        if (list[i] == to)
            return 1
    return 0
}
function check_ours(path) {
    if (path in home) { # made by the build
        if (FILENAME !~ home[path])
            complain("\"" path "\" belongs into " home[path] " only")
        return
    }
    if (path !~ /^(engine|runtime|tests)\//) {
        complain("\"" path "\" is not written from the repository root")
        return
    }
    if (!may(layer(FILENAME), layer(path)))
        complain(layer(FILENAME) " must not include " layer(path) " (\"" path "\")")
    if (path ~ /_int\.h$/ && folder(path) != folder(FILENAME) && FILENAME !~ /^tests\//)
        complain("\"" path "\" is internal to " folder(path))
}
function check_library(header) {
    if (header in home && FILENAME !~ home[header] && FILENAME !~ /^tests\//)
        complain("<" header "> belongs into " home[header] " only")
}
BEGIN {
    while ((getline line < table) > 0) {
        if (line ~ /^#/ || line == "")
            continue
        split(line, side, ": *")
        if (side[1] ~ /\.h$/)
            home[side[1]] = side[2]
        else
            below[side[1]] = side[2]
    }
}
FNR == 1 {
    first = 1
    own = FILENAME
    sub(/\.c$/, ".h", own)
    has_own = own != FILENAME && (getline line < own) >= 0
    close(own)
    if (!(layer(FILENAME) in below))
        complain("folder " layer(FILENAME) " is not in " table)
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, q, "\"")
    if (first && has_own && q[2] != own && q[2] !~ /_int\.h$/)
        complain("the own header \"" own "\" comes first")
    first = 0
    check_ours(q[2])
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    split($0, q, /[<>]/)
    if (first && has_own)
        complain("the own header \"" own "\" comes first")
    first = 0
    check_library(q[2])
}
END { exit bad }
' $(git ls-files --cached --others --exclude-standard '*.c' '*.h')
