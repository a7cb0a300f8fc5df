#!/bin/sh
# No mutable state outside of structs: looks into the object files for writable data, which finds
# statics inside functions too.  statics.txt lists the few that are allowed.
# usage: statics.sh FILE.o…   Prints file.o: name; exit 1 when there is any.
set -eu
for o in "$@"; do
    objdump -t "$o" | awk -v file="$o" '
        / \.(data|bss|tdata|tbss|data\.rel|data\.rel\.local)\t/ {
            name = $NF
            sub(/\.[0-9]+$/, "", name)
            if (name !~ /^\./) # the section itself
                print file ": " name
        }'
done | while read -r file name; do
    where=${file#build/*/}
    where=${where%.o:}.c
    grep -q "^$where $name\( \|\$\)" "$(dirname "$0")/statics.txt" || echo "$where: mutable static $name"
done | awk '{ print; bad = 1 } END { exit bad }'
