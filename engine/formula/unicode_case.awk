# UnicodeData.txt to the simple case mappings as C rows {first, last, step, delta}:
# cp in first, first+step … last maps to cp + delta.   awk -f unicode_case.awk UnicodeData.txt
BEGIN { FS = ";" }

function hex(s,    i, n) {
    n = 0
    for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1
    return n
}

function flush(k) {
    if (first[k] != "") rows[k] = rows[k] sprintf("    {%d, %d, %d, %d},\n", first[k], last[k], step[k], delta[k])
    first[k] = ""
}

function add(k, cp, to,    d, s) {
    d = to - cp
    s = cp - last[k]
    if (first[k] != "" && d == delta[k] && (s == 1 || s == 2) && (first[k] == last[k] || s == step[k])) {
        if (first[k] != last[k] || s <= 2) { step[k] = s; last[k] = cp; return }
    }
    flush(k)
    first[k] = cp; last[k] = cp; step[k] = 1; delta[k] = d
}

$13 != "" { add("upper", hex($1), hex($13)) }
$14 != "" { add("lower", hex($1), hex($14)) }

END {
    flush("upper"); flush("lower")
    print "/* Made from UnicodeData.txt by unicode_case.awk. */"
    print "static const struct case_row upper_rows[] = {\n" rows["upper"] "};"
    print "static const struct case_row lower_rows[] = {\n" rows["lower"] "};"
}
