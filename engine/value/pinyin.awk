# Unihan_Readings.txt to a table: for U+3400 to U+9FFF the number of the syllable (kMandarin's first, without its tone).
function plain(s,   i, n, out, p) {
  n = split("ā a á a ǎ a à a ē e é e ě e è e ế e ề e ī i í i ǐ i ì i ō o ó o ǒ o ò o ū u ú u ǔ u ù u ǖ v ǘ v ǚ v ǜ v ü v ń n ň n ǹ n ḿ m ê e", p, " ")
  for (i = 1; i < n; i += 2) gsub(p[i], p[i + 1], s)
  gsub(/[^a-z]/, "", s)
  return s
}
$2 == "kMandarin" {
  code = substr($1, 3)
  if (length(code) != 4 || code < "3400" || code > "9FFF") next
  s = plain($3)
  if (s == "") next
  if (!(s in nth)) { nth[s] = ++count; words[count] = s }
  at[code] = nth[s]
}
END {
  print "static const char pinyin_syllables[][8] = {\"\","
  for (i = 1; i <= count; i++) print "\"" words[i] "\","
  print "};\nstatic const uint16_t pinyin_table[] = {"
  hex = "0123456789ABCDEF"
  for (i = 13312; i <= 40959; i++) {
    c = substr(hex, int(i / 4096) + 1, 1) substr(hex, int(i / 256) % 16 + 1, 1) substr(hex, int(i / 16) % 16 + 1, 1) substr(hex, i % 16 + 1, 1)
    printf "%d,%s", at[c] + 0, i % 16 == 15 ? "\n" : ""
  }
  print "};"
}
