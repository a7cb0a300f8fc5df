# fx_pg.sql to C strings: each function one CREATE OR REPLACE FUNCTION.
function out() {
  if (head == "") return
  at = index(head, ")")
  depth = 0
  for (i = 1; i <= length(head); i++) {
    ch = substr(head, i, 1)
    if (ch == "(") depth++
    if (ch == ")" && --depth == 0) { at = i; break }
  }
  text = "CREATE OR REPLACE FUNCTION " substr(head, 1, at) " RETURNS " substr(head, at + 2) " LANGUAGE " lang " IMMUTABLE PARALLEL SAFE AS $fx$" (lang == "sql" ? "SELECT " : "") body "$fx$"
  gsub(/\\/, "&&", text)
  gsub(/"/, "\\\"", text)
  gsub(/\n/, "\\n\"\n\"", text)
  print "\"" text "\","
}
/^--/ { next }
/^= / { out(); head = ""; text = substr($0, 3); gsub(/"/, "\\\"", text); print "\"" text "\","; next }
/^@/ { out(); lang = /^@@/ ? "plpgsql" : "sql"; head = $0; sub(/^@+ /, "", head); body = ""; next }
NF { body = body (body == "" ? "" : "\n") $0 }
END { out() }
