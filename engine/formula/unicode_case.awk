# UnicodeData.txt to the simple case mappings as a stream of numbers, four a row:
#   how far the first code point is behind the last one of the row before, how many code points,
#   their step (1 or 2), and the code point to add (signed).   awk -f unicode_case.awk UnicodeData.txt
# Rows map to upper case; what lower case does not undo is in rows of its own.
BEGIN { FS = ";" }

function hex(s,    i, n) {
    n = 0
    for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1
    return n
}

function flush(k) {
    if (count[k] == 0) return
    rows[k] = rows[k] sprintf("    {%d, %d, %d, %d},\n", first[k] - before[k], count[k], step[k], delta[k])
    before[k] = last[k]
    count[k] = 0
}

function add(k, cp, to,    d, s) {
    d = to - cp
    s = cp - last[k]
    if (count[k] > 0 && d == delta[k] && (s == 1 || s == 2) && (count[k] == 1 || s == step[k]) && count[k] < 255) {
        step[k] = s; last[k] = cp; count[k]++
        return
    }
    flush(k)
    first[k] = cp; last[k] = cp; step[k] = 1; delta[k] = d; count[k] = 1
}

$13 != "" { cp = hex($1); up[cp] = hex($13); order[++n] = cp }
$14 != "" { low[++m] = hex($1); lower[hex($1)] = hex($14) }

END {
    for (i = 1; i <= n; i++) {
        add("upper", order[i], up[order[i]])
        if (!(up[order[i]] in back)) back[up[order[i]]] = order[i]
    }
    for (i = 1; i <= m; i++) if (back[low[i]] != lower[low[i]]) add("lower", low[i], lower[low[i]])
    for (cp in back) if (!(cp in lower)) none[++q] = cp
    flush("upper"); flush("lower")
    print "/* Made from UnicodeData.txt by unicode_case.awk. */"
    print "static const struct case_row upper_rows[] = {\n" rows["upper"] "};"
    print "static const struct case_row lower_rows[] = {\n" rows["lower"] "};"
}
