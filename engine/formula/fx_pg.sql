-- The functions of the language on PostgreSQL. "@ name(args) type" begins one in SQL, "@@" one in PL/pgSQL; both are
-- IMMUTABLE. NULL is blank, and the failure of an operation. Names and meaning follow the C functions in fx_fn_*.c:
-- change both together; the property test compares them.

-- ---- numbers ----
@@ fx_edge(op text, a float8, b float8) float8
BEGIN
  RETURN CASE op WHEN '+' THEN a + b WHEN '-' THEN a - b WHEN '*' THEN a * b ELSE a / b END;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN CASE WHEN op = '*' AND log(abs(a)) + log(abs(b)) < 0 OR op = '/' AND log(abs(a)) - log(abs(b)) < 0 THEN 0 END;
END
@ fx_add(a float8, b float8) float8
CASE WHEN abs(a) < 1e300 AND abs(b) < 1e300 THEN a + b ELSE fx_edge('+', a, b) END
@ fx_sub(a float8, b float8) float8
CASE WHEN abs(a) < 1e300 AND abs(b) < 1e300 THEN a - b ELSE fx_edge('-', a, b) END
@ fx_mul(a float8, b float8) float8
CASE WHEN a = 0 OR b = 0 THEN 0 WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND abs(b) BETWEEN 1e-150 AND 1e150 THEN a * b ELSE fx_edge('*', a, b) END
@ fx_div(a float8, b float8) float8
CASE WHEN b IS NULL OR b = 0 THEN NULL WHEN a = 0 THEN 0 WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND abs(b) BETWEEN 1e-150 AND 1e150 THEN a / b ELSE fx_edge('/', a, b) END
@@ fx_f_edge(v numeric) float8
BEGIN
  RETURN v::float8;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN CASE WHEN abs(v) < 1 THEN 0 END;
END
@ fx_f(v numeric) float8
CASE WHEN v = 0 OR abs(v) BETWEEN 1e-300 AND 1e300 THEN v::float8 ELSE fx_f_edge(v) END
@ fx_idtext(i bigint) text
(SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', ((i >> (5 * k)) & 31)::int + 1, 1), '' ORDER BY k DESC) FROM generate_series(0, 12) k)
@ fx_whole(x float8) boolean
abs(x) < 9007199254740992 AND trunc(x) = x
@ fx_dec(x float8) numeric
CASE WHEN x = trunc(x) AND abs(x) <= 9007199254740992 THEN x::bigint::numeric ELSE x::numeric END
@ fx_15(x float8) numeric
CASE WHEN abs(x) BETWEEN 1e15 AND 9007199254740992 THEN round(x::bigint::numeric, -1) ELSE x::numeric END
@ fx_clean(x float8) float8
fx_f(x::numeric)
@ fx_digits(d float8) int
greatest(least(trunc(d), 300), -320)::int
@ fx_round(x float8, d float8 DEFAULT 0) float8
fx_f(round(fx_dec(x), fx_digits(d)))
@ fx_rounddown(x float8, d float8 DEFAULT 0) float8
CASE WHEN trunc(x::numeric, fx_digits(d)) = x::numeric THEN x ELSE fx_f(trunc(x::numeric, fx_digits(d))) END
@ fx_trunc(x float8, d float8 DEFAULT 0) float8
fx_rounddown(x, d)
@ fx_roundup(x float8, d float8 DEFAULT 0) float8
CASE WHEN trunc(x::numeric, fx_digits(d)) = x::numeric THEN x ELSE fx_f(trunc(x::numeric, fx_digits(d)) + sign(x)::numeric * (CASE WHEN fx_digits(d) >= 0 THEN ('1e-' || fx_digits(d))::numeric ELSE ('1e' || -fx_digits(d))::numeric END)) END
@ fx_rest(x float8, y float8) float8
CASE WHEN x = 0 THEN 0 WHEN fx_whole(x) AND fx_whole(y) THEN (x::bigint % y::bigint)::float8 ELSE fx_f(x::numeric % y::numeric) END
@@ fx_mod(x float8, y float8) float8
DECLARE r float8;
BEGIN
  IF y = 0 THEN RETURN NULL; END IF;
  r := fx_rest(x, y);
  IF r <> 0 AND (r < 0) <> (y < 0) THEN
    r := CASE WHEN fx_whole(x) AND fx_whole(y) THEN r + y ELSE fx_clean(r + y) END;
  END IF;
  RETURN r;
END
@ fx_times(x float8, y float8) float8
fx_round(fx_div(fx_sub(x, fx_rest(x, y)), y))
@ fx_quotient(x float8, y float8) float8
CASE WHEN y <> 0 THEN fx_times(x, y) END
@ fx_mround(x float8, s float8) float8
CASE WHEN x = 0 OR s = 0 THEN 0 WHEN (x < 0) = (s < 0) THEN fx_clean(fx_mul(fx_round(fx_div(x, s)), s)) END
@@ fx_multiple(x float8, s float8, up boolean) float8
DECLARE r float8; q float8;
BEGIN
  IF x = 0 THEN RETURN 0; END IF;
  IF s = 0 THEN RETURN CASE WHEN up THEN 0 END; END IF;
  IF x > 0 AND s < 0 THEN RETURN NULL; END IF;
  r := fx_rest(x, s);
  q := fx_times(x, s);
  IF r <> 0 AND up = ((r < 0) = (s < 0)) THEN q := q + CASE WHEN up THEN 1 ELSE -1 END; END IF;
  RETURN CASE WHEN fx_whole(q) AND fx_whole(s) THEN fx_mul(q, s) ELSE fx_clean(fx_mul(q, s)) END;
END
@ fx_ceiling(x float8) float8
ceil(x)
@ fx_ceiling(x float8, s float8) float8
fx_multiple(x, s, true)
@ fx_floor(x float8) float8
floor(x)
@ fx_floor(x float8, s float8) float8
fx_multiple(x, s, false)
@@ fx_pow(x float8, y float8) float8
DECLARE e float8;
BEGIN
  IF x = 0 AND y <= 0 OR x < 0 AND trunc(y) <> y THEN RETURN NULL; END IF;
  IF y = 0 OR x = 1 THEN RETURN 1; END IF;
  IF x = 0 THEN RETURN 0; END IF;
  e := ln(abs(x)) * CASE WHEN abs(y) < 1e6 THEN y ELSE sign(y) * 1e6 END;
  IF abs(x) = 1 OR e = 0 AND abs(y) < 1e6 THEN RETURN CASE WHEN x < 0 AND fx_rest(y, 2) <> 0 THEN -1 ELSE 1 END; END IF;
  IF e > 709.8 THEN RETURN NULL; END IF;
  IF e < -745.2 THEN RETURN 0; END IF;
  RETURN power(x, y);
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN CASE WHEN e < 0 THEN 0 END;
END
@ fx_power(x float8, y float8) float8
fx_pow(x, y)
@@ fx_exp(x float8) float8
BEGIN
  RETURN CASE WHEN x > 709.8 THEN NULL WHEN x < -745.2 THEN 0 ELSE exp(x) END;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN CASE WHEN x < 0 THEN 0 END;
END
@ fx_ln(x float8) float8
CASE WHEN x > 0 THEN ln(x) END
@ fx_log10(x float8) float8
CASE WHEN x > 0 THEN log(x) END
@ fx_log(x float8, b float8 DEFAULT 10) float8
CASE WHEN x <= 0 OR b <= 0 OR b = 1 THEN NULL WHEN b = 10 THEN log(x) ELSE fx_clean(ln(x) / ln(b)) END
@ fx_sqrt(x float8) float8
CASE WHEN x >= 0 THEN sqrt(x) END
@ fx_fact(x float8) float8
CASE WHEN trunc(x) BETWEEN 0 AND 170 THEN fx_f(factorial(trunc(x)::bigint)) END
@ fx_even(x float8) float8
CASE WHEN x < 0 THEN -1 ELSE 1 END * fx_mul(2, ceil(abs(x) / 2))
@ fx_odd(x float8) float8
CASE WHEN x < 0 THEN -1 ELSE 1 END * (2 * ceil((abs(x) + 1) / 2) - 1)
@@ fx_gcd(l float8[]) float8
DECLARE v float8; o float8 := 0; r float8; b float8;
BEGIN
  FOREACH v IN ARRAY coalesce(l, '{}') LOOP
    v := trunc(coalesce(v, 0));
    IF v < 0 OR v > 9007199254740992 THEN RETURN NULL; END IF;
    b := v;
    WHILE b <> 0 LOOP r := (o::bigint % b::bigint)::float8; o := b; b := r; END LOOP;
  END LOOP;
  RETURN o;
END
@@ fx_lcm(l float8[]) float8
DECLARE v float8; o float8 := 1;
BEGIN
  FOREACH v IN ARRAY coalesce(l, '{}') LOOP
    v := trunc(coalesce(v, 0));
    IF v < 0 OR v > 9007199254740992 THEN RETURN NULL; END IF;
    IF v = 0 THEN o := 0; ELSIF o <> 0 THEN
      CONTINUE WHEN o > 9007199254740992; -- too large, unless a 0 follows
      o := fx_mul(o / fx_gcd(ARRAY[o, v]), v);
    END IF;
  END LOOP;
  RETURN CASE WHEN o <= 9007199254740992 THEN o END;
END
@@ fx_distance(a float8, b float8, c float8, d float8) float8
DECLARE h float8; x float8 := sin(radians(c - a) / 2); y float8 := sin(radians(d - b) / 2);
BEGIN
  IF a IS NULL OR b IS NULL OR c IS NULL OR d IS NULL OR abs(a) > 90 OR abs(b) > 180 OR abs(c) > 90 OR abs(d) > 180 THEN RETURN NULL; END IF;
  h := fx_mul(x, x) + fx_mul(cos(radians(a)) * cos(radians(c)), fx_mul(y, y));
  h := least(h, 1);
  RETURN fx_round(2 * 6371008.8 * atan2(sqrt(h), sqrt(1 - h)), 3);
END

-- ---- lists ----
@@ fx_sum(l float8[]) float8
DECLARE v float8; s float8 := 0; c float8 := 0; t float8;
BEGIN
  FOREACH v IN ARRAY coalesce(l, '{}') LOOP
    CONTINUE WHEN v IS NULL;
    t := s + v;
    IF abs(s) >= abs(v) THEN c := c + ((s - t) + v); ELSE c := c + ((v - t) + s); END IF;
    s := t;
  END LOOP;
  RETURN s + c;
EXCEPTION WHEN numeric_value_out_of_range THEN RETURN NULL;
END
-- the compensated sum of num_sum_add(), of rows: the same in whatever order they come
@ fx_sum_add(s float8[], x float8) float8[]
CASE WHEN x IS NULL THEN s ELSE ARRAY[s[1] + x, s[2] + CASE WHEN abs(s[1]) >= abs(x) THEN (s[1] - (s[1] + x)) + x ELSE (x - (s[1] + x)) + s[1] END] END
@ fx_sum_end(s float8[]) float8
s[1] + s[2]
= CREATE OR REPLACE AGGREGATE fx_sum(float8) (SFUNC = fx_sum_add, STYPE = float8[], FINALFUNC = fx_sum_end, INITCOND = '{0,0}', PARALLEL = SAFE)
@ fx_count(l anyarray) float8
(SELECT count(v)::float8 FROM unnest(l) v)
@ fx_counta(l anyarray) float8
fx_count(l)
@ fx_countblank(l anyarray) float8
(SELECT (count(*) - count(v))::float8 FROM unnest(l) v)
@ fx_countd(l anyarray) float8
(SELECT count(DISTINCT v)::float8 FROM unnest(l) v)
@ fx_average(l float8[]) float8
fx_div(fx_sum(l), fx_count(l))
@ fx_min(l float8[]) float8
(SELECT min(v) FROM unnest(l) v)
@ fx_max(l float8[]) float8
(SELECT max(v) FROM unnest(l) v)
@ fx_min(l bigint[]) bigint
(SELECT min(v) FROM unnest(l) v)
@ fx_max(l bigint[]) bigint
(SELECT max(v) FROM unnest(l) v)
@ fx_min(l text[]) text
(SELECT min(v COLLATE "C") FROM unnest(l) v)
@ fx_max(l text[]) text
(SELECT max(v COLLATE "C") FROM unnest(l) v)
@@ fx_product(l float8[]) float8
DECLARE v float8; p float8 := 1; n int := 0;
BEGIN
  FOREACH v IN ARRAY coalesce(l, '{}') LOOP
    CONTINUE WHEN v IS NULL;
    p := fx_mul(p, v);
    n := n + 1;
    IF p IS NULL THEN RETURN NULL; END IF;
  END LOOP;
  RETURN CASE WHEN n > 0 THEN p ELSE 0 END;
END
@ fx_sorted(l float8[]) float8[]
ARRAY(SELECT v FROM unnest(l) v WHERE v IS NOT NULL ORDER BY v)
@@ fx_median(l float8[]) float8
DECLARE s float8[] := fx_sorted(l); n int := cardinality(s);
BEGIN
  IF n = 0 THEN RETURN NULL; END IF;
  IF s[(n + 1) / 2] = s[n / 2 + 1] THEN RETURN s[n / 2 + 1]; END IF;
  RETURN fx_div(fx_add(s[(n + 1) / 2], s[n / 2 + 1]), 2);
END
@@ fx_stdev(l float8[]) float8
DECLARE n float8 := fx_count(l); m float8;
BEGIN
  IF n < 2 THEN RETURN NULL; END IF;
  m := fx_div(fx_sum(l), n);
  IF m IS NULL THEN RETURN NULL; END IF;
  IF EXISTS (SELECT 1 FROM unnest(l) v WHERE v IS NOT NULL AND fx_mul(fx_sub(v, m), fx_sub(v, m)) IS NULL) THEN RETURN NULL; END IF;
  RETURN sqrt(fx_div(fx_sum(ARRAY(SELECT fx_mul(fx_sub(v, m), fx_sub(v, m)) FROM unnest(l) v WHERE v IS NOT NULL)), n - 1));
END
@ fx_small(l float8[], k float8) float8
CASE WHEN ceil(k) BETWEEN 1 AND fx_count(l) THEN (fx_sorted(l))[greatest(least(ceil(k), 1e9), -1e9)::int] END
@ fx_large(l float8[], k float8) float8
CASE WHEN ceil(k) BETWEEN 1 AND fx_count(l) THEN (fx_sorted(l))[fx_count(l)::int + 1 - greatest(least(ceil(k), 1e9), -1e9)::int] END
@ fx_rank(x float8, l float8[], up float8 DEFAULT 0) float8
CASE WHEN x = ANY (l) THEN (SELECT count(*)::float8 + 1 FROM unnest(l) v WHERE CASE WHEN up <> 0 THEN v < x ELSE v > x END) END
@@ fx_products(a float8[], b float8[]) float8[]
BEGIN
  IF coalesce(cardinality(a), 0) <> coalesce(cardinality(b), 0) THEN RETURN NULL; END IF;
  RETURN ARRAY(SELECT fx_mul(coalesce(x, 0), coalesce(y, 0)) FROM unnest(a, b) AS t(x, y));
END
@@ fx_sumall(a float8[]) float8
BEGIN
  IF a IS NULL THEN RETURN NULL; END IF;
  IF EXISTS (SELECT 1 FROM unnest(a) v WHERE v IS NULL) THEN RETURN NULL; END IF;
  RETURN fx_sum(a);
END
@@ fx_parse(t text) float8
DECLARE s text := btrim(t, E' \t\r\n\f\v\u3000');
BEGIN
  IF length(s) > 400 OR s !~ '^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?$' THEN RETURN NULL; END IF;
  RETURN fx_f_edge(CASE WHEN s ~ '[eE][+-]?[0-9]{4,}$' THEN NULL ELSE s::numeric END);
EXCEPTION WHEN OTHERS THEN RETURN NULL;
END
@@ fx_matching(l float8[], c text) boolean[]
DECLARE op text := coalesce(substring(c FROM '^(<>|<=|>=|<|>|=)'), ''); x float8 := fx_parse(substr(c, length(op) + 1));
BEGIN
  RETURN ARRAY(SELECT CASE op WHEN '<>' THEN v IS DISTINCT FROM x WHEN '<' THEN v < x WHEN '<=' THEN v <= x WHEN '>' THEN v > x WHEN '>=' THEN v >= x ELSE v IS NOT DISTINCT FROM x END FROM unnest(l) v);
END
@@ fx_matching(l text[], c text) boolean[]
DECLARE op text := coalesce(substring(c FROM '^(<>|<=|>=|<|>|=)'), ''); x text := nullif(substr(c, length(op) + 1), '');
BEGIN
  RETURN ARRAY(SELECT CASE op WHEN '<>' THEN v IS DISTINCT FROM x WHEN '<' THEN v COLLATE "C" < x WHEN '<=' THEN v COLLATE "C" <= x WHEN '>' THEN v COLLATE "C" > x WHEN '>=' THEN v COLLATE "C" >= x ELSE v IS NOT DISTINCT FROM x END FROM unnest(l) v);
END
@ fx_matching(l float8[], c float8) boolean[]
ARRAY(SELECT v IS NOT DISTINCT FROM c FROM unnest(l) v)
@ fx_matching(l bigint[], c bigint) boolean[]
ARRAY(SELECT v IS NOT DISTINCT FROM c FROM unnest(l) v)
@ fx_picked(m boolean[], l float8[]) float8[]
ARRAY(SELECT v FROM unnest(m, l) AS t(k, v) WHERE k AND v IS NOT NULL)
@ fx_hits(m boolean[]) float8
(SELECT count(*)::float8 FROM unnest(m) k WHERE k)
@ fx_index(l anyarray, k float8) anyelement
CASE WHEN trunc(k) BETWEEN 1 AND coalesce(cardinality(l), 0) THEN l[greatest(least(trunc(k), 1e9), -1e9)::int] END
@ fx_first(l anyarray) anyelement
l[1]
@ fx_last(l anyarray) anyelement
l[cardinality(l)]
@ fx_sort(l float8[], down boolean DEFAULT false) float8[]
CASE WHEN down THEN ARRAY(SELECT v FROM unnest(l) v WHERE v IS NOT NULL ORDER BY v DESC) ELSE fx_sorted(l) END
@ fx_sort(l bigint[], down boolean DEFAULT false) bigint[]
CASE WHEN down THEN ARRAY(SELECT v FROM unnest(l) v WHERE v IS NOT NULL ORDER BY v DESC) ELSE ARRAY(SELECT v FROM unnest(l) v WHERE v IS NOT NULL ORDER BY v) END
@ fx_sort(l text[], down boolean DEFAULT false) text[]
CASE WHEN down THEN ARRAY(SELECT v FROM unnest(l) v WHERE v IS NOT NULL ORDER BY v COLLATE "C" DESC) ELSE ARRAY(SELECT v FROM unnest(l) v WHERE v IS NOT NULL ORDER BY v COLLATE "C") END
@ fx_unique(l anyarray) anyarray
ARRAY(SELECT v FROM (SELECT v, min(i) AS i FROM unnest(l) WITH ORDINALITY AS t(v, i) WHERE v IS NOT NULL GROUP BY v) AS u ORDER BY i)
@ fx_split(t text, s text DEFAULT ',') text[]
CASE WHEN t = '' THEN NULL WHEN s = '' THEN ARRAY[t] ELSE ARRAY(SELECT nullif(v, '') FROM unnest(string_to_array(t, s)) v) END

-- ---- texts ----
@ fx_cap(t text) text
CASE WHEN octet_length(t) <= 65536 THEN t END
@@ fx_str(x float8) text
DECLARE v numeric := fx_15(abs(x)); d text; e int; p text;
BEGIN
  IF x IS NULL THEN RETURN NULL; END IF;
  IF v = 0 THEN RETURN '0'; END IF;
  p := CASE WHEN x < 0 THEN '-' ELSE '' END;
  IF v >= 1e-6 AND v < 1e21 THEN RETURN p || trim_scale(v)::text; END IF;
  IF v >= 1 THEN
    d := trunc(v)::text;
    e := length(d) - 1;
    d := rtrim(d, '0');
  ELSE
    d := trim_scale(v)::text;
    e := -(length(substring(d FROM '^0\.(0*)')) + 1);
    d := ltrim(substr(d, 3), '0');
  END IF;
  RETURN p || left(d, 1) || CASE WHEN length(d) > 1 THEN '.' || substr(d, 2) ELSE '' END || 'e' || CASE WHEN e < 0 THEN '-' ELSE '+' END || abs(e);
END
@ fx_ustr(x float8) text
fx_str(x)
@ fx_upper(t text) text
fx_cap(upper(t COLLATE "C.utf8"))
@ fx_lower(t text) text
fx_cap(lower(t COLLATE "C.utf8"))
@@ fx_proper(t text) text
DECLARE o text := ''; c text; inside boolean := false;
BEGIN
  FOREACH c IN ARRAY string_to_array(t, NULL) LOOP
    o := o || CASE WHEN inside THEN lower(c COLLATE "C.utf8") ELSE upper(c COLLATE "C.utf8") END;
    inside := lower(c COLLATE "C.utf8") <> c OR upper(c COLLATE "C.utf8") <> c;
  END LOOP;
  RETURN fx_cap(o);
END
@ fx_trim(t text) text
btrim(regexp_replace(t, ' +', ' ', 'g'), ' ')
@ fx_len(t text) float8
length(t)::float8
@ fx_clip(k float8) int
greatest(least(trunc(k), 1000000), -1000000)::int
@ fx_left(t text, k float8 DEFAULT 1) text
CASE WHEN trunc(k) >= 0 THEN left(t, fx_clip(k)) END
@ fx_right(t text, k float8 DEFAULT 1) text
CASE WHEN trunc(k) >= 0 THEN right(t, fx_clip(k)) END
@ fx_mid(t text, f float8, k float8) text
CASE WHEN trunc(f) >= 1 AND trunc(k) >= 0 THEN substr(t, fx_clip(f), fx_clip(k)) END
@ fx_replace(t text, f float8, k float8, n text) text
CASE WHEN trunc(f) >= 1 AND trunc(k) >= 0 THEN fx_cap(left(t, fx_clip(f) - 1) || n || substr(t, fx_clip(f) + fx_clip(k))) END
@ fx_find(p text, t text) float8
nullif(strpos(t, p), 0)::float8
@ fx_find(p text, t text, f float8) float8
CASE WHEN trunc(f) >= 1 AND trunc(f) <= length(t) + 1 AND strpos(substr(t, fx_clip(f)), p) > 0 THEN (strpos(substr(t, fx_clip(f)), p) + fx_clip(f) - 1)::float8 END
@@ fx_search(p0 text, t0 text, f float8 DEFAULT 1) float8
DECLARE p text := lower(p0 COLLATE "C.utf8"); t text := lower(t0 COLLATE "C.utf8"); l text := ''; c text; esc boolean := false;
BEGIN
  IF p !~ '[?*~]' THEN RETURN fx_find(p, t, f); END IF;
  IF trunc(f) < 1 THEN RETURN NULL; END IF;
  FOREACH c IN ARRAY string_to_array(p, NULL) LOOP
    IF NOT esc AND c = '~' THEN esc := true; CONTINUE; END IF;
    l := l || CASE WHEN NOT esc AND c = '?' THEN '_' WHEN NOT esc AND c = '*' THEN '%' WHEN c IN ('%', '_', '\') THEN '\' || c ELSE c END;
    esc := false;
  END LOOP;
  IF esc THEN l := l || '~'; END IF;
  FOR i IN fx_clip(f) .. length(t) LOOP
    IF substr(t, i) LIKE l || '%' ESCAPE '\' THEN RETURN i; END IF;
  END LOOP;
  RETURN NULL;
END
@@ fx_substitute(t text, o text, n text, k float8) text
DECLARE at int := 1; seen int := 0; p int;
BEGIN
  IF trunc(k) < 1 THEN RETURN NULL; END IF;
  IF o = '' THEN RETURN t; END IF;
  LOOP
    p := strpos(substr(t, at), o);
    IF p = 0 THEN RETURN fx_cap(t); END IF;
    seen := seen + 1;
    IF seen = trunc(k) THEN RETURN fx_cap(left(t, at + p - 2) || n || substr(t, at + p - 1 + length(o))); END IF;
    at := at + p - 1 + length(o);
  END LOOP;
END
@ fx_substitute(t text, o text, n text) text
fx_cap(CASE WHEN o = '' THEN t WHEN octet_length(t)::bigint / octet_length(o) * octet_length(n) < 10000000 THEN replace(t, o, n) END)
@ fx_rept(t text, k float8) text
CASE WHEN trunc(k) < 0 THEN NULL WHEN t = '' THEN '' WHEN octet_length(t) * trunc(k) <= 65536 THEN repeat(t, greatest(least(trunc(k), 1e6), 0)::int) END
@ fx_char(k float8) text
CASE WHEN trunc(k) BETWEEN 1 AND 255 THEN chr(trunc(k)::int) END
@ fx_unichar(k float8) text
CASE WHEN trunc(k) BETWEEN 1 AND 1114111 AND NOT trunc(k) BETWEEN 55296 AND 57343 THEN chr(trunc(k)::int) END
@ fx_code(t text) float8
CASE WHEN t <> '' THEN ascii(t)::float8 END
@ fx_unicode(t text) float8
CASE WHEN t <> '' THEN ascii(t)::float8 END
@ fx_join(l text[], s text DEFAULT ',') text
fx_cap(coalesce(array_to_string(ARRAY(SELECT v FROM unnest(l) v WHERE v <> ''), s), ''))
@ fx_textjoin(s text, skip boolean, l text[]) text
fx_cap(coalesce(CASE WHEN skip THEN array_to_string(ARRAY(SELECT v FROM unnest(l) v WHERE v <> ''), s) ELSE array_to_string(l, s, '') END, ''))
@ fx_concat(l text[]) text
fx_cap(coalesce(array_to_string(l, ''), ''))
@ fx_concatenate(l text[]) text
fx_concat(l)
@@ fx_matches(t text, p text) bigint
DECLARE q text;
BEGIN
  IF octet_length(p) > 2000 OR regexp_replace(regexp_replace(p, '\\.', 'x', 'g'), '\[[^]]*\]', 'x', 'g') ~ '[*+?}][*+?{]' THEN RETURN NULL; END IF;
  q := replace(replace(p, '\s', '[\t-\r \u3000]'), '\w', '[0-9A-Za-z_]');
  RETURN (t ~ ('(?p)^(?:' || q || ')$'))::int;
EXCEPTION WHEN invalid_regular_expression THEN RETURN NULL;
END
@@ fx_value(t text) float8
DECLARE s text := btrim(t, E' \t\r\n\f\v\u3000'); pct boolean; x float8;
BEGIN
  IF coalesce(t, '') = '' THEN RETURN 0; END IF;
  pct := right(s, 1) = '%';
  IF pct THEN s := btrim(left(s, -1), E' \t\r\n\f\v\u3000'); END IF;
  s := regexp_replace(s, '^[¥￥]', '');
  IF octet_length(s) > 400 THEN RETURN NULL; END IF;
  IF length(s) > 4 THEN s := left(s, 1) || replace(substr(s, 2, length(s) - 4), ',', '') || right(s, 3); END IF;
  IF s ~ '^[ \t]|[ \t]$' THEN RETURN NULL; END IF;
  x := fx_parse(s);
  RETURN CASE WHEN pct THEN fx_div(x, 100) ELSE x END;
END
@ fx_value(x float8) float8
coalesce(x, 0)
@@@ fx_plain(x float8, d int) text[]
DECLARE v numeric := fx_dec(fx_round(abs(x), d)); s text;
BEGIN
  v := CASE WHEN abs(v) >= 1e15 THEN fx_15(fx_round(abs(x), d)) ELSE v END;
  s := trim_scale(v)::text;
  RETURN ARRAY[CASE WHEN v < 1 THEN '' ELSE split_part(s, '.', 1) END, split_part(s, '.', 2)];
END
@@ fx_group(w text, least_n int, commas boolean) text
DECLARE s text := lpad(w, greatest(length(w), least_n), '0');
BEGIN
  RETURN CASE WHEN commas THEN reverse(rtrim(regexp_replace(reverse(s), '(...)', '\1,', 'g'), ',')) ELSE s END;
END
@@ fx_fixed(x float8, d float8 DEFAULT 2, plain boolean DEFAULT false) text
DECLARE n int := greatest(least(trunc(d), 20), -20)::int; p text[] := fx_plain(x, n);
BEGIN
  RETURN CASE WHEN x < 0 AND p[1] || p[2] <> '' THEN '-' ELSE '' END || fx_group(p[1], 1, NOT plain) ||
    CASE WHEN n > 0 OR p[2] <> '' THEN '.' || rpad(p[2], greatest(n, length(p[2])), '0') ELSE '' END;
END

-- ---- format codes ----
@@ fx_section(c text) jsonb
DECLARE i int := 1; n int := length(c); ch text; pre text := ''; suf text := ''; lit text; lw int := 0; wh int := 0; lp int := 0; mp int := 0; ex int := 0; exs text := ''; pct int := 0; th int := 0; commas boolean := false; digits boolean := false; point boolean := false; k int;
BEGIN
  WHILE i <= n LOOP
    ch := substr(c, i, 1);
    IF ch IN ('0', '#', '?') THEN
      digits := true;
      IF exs <> '' THEN ex := ex + 1;
      ELSIF NOT point THEN wh := wh + 1; lw := lw + CASE WHEN ch = '0' OR lw > 0 THEN 1 ELSE 0 END;
      ELSE mp := mp + 1; IF ch = '0' THEN lp := mp; END IF; END IF;
      i := i + 1;
    ELSIF ch = '.' AND NOT point AND (digits OR i < n) THEN
      point := true; digits := true; i := i + 1;
    ELSIF ch = ',' AND digits THEN
      k := i + 1;
      WHILE substr(c, k, 1) = ',' LOOP k := k + 1; END LOOP;
      IF substr(c, k, 1) IN ('0', '#', '?') THEN commas := true; ELSE th := th + k - i; END IF;
      i := k;
    ELSIF digits AND exs = '' AND ch IN ('E', 'e') AND substr(c, i + 1, 1) IN ('+', '-') AND substr(c, i + 2, 1) = '0' THEN
      exs := ch || substr(c, i + 1, 1);
      i := i + 2;
    ELSIF ch IN ('E', 'e') AND substr(c, i + 1, 1) IN ('+', '-') THEN
      RETURN NULL;
    ELSE
      IF ch = '%' THEN pct := pct + 1; END IF;
      IF ch = '"' THEN
        k := strpos(substr(c, i + 1), '"');
        IF k = 0 THEN RETURN NULL; END IF;
        lit := substr(c, i + 1, k - 1); i := i + k + 1;
      ELSIF ch IN ('_', '*') THEN lit := ''; i := i + 2;
      ELSE
        IF ch = '\' AND i < n THEN i := i + 1; END IF;
        lit := substr(c, i, 1); i := i + 1;
      END IF;
      IF digits THEN suf := suf || lit; ELSE pre := pre || lit; END IF;
    END IF;
  END LOOP;
  RETURN jsonb_build_object('pre', pre, 'suf', suf, 'lw', lw, 'lp', lp, 'mp', mp, 'pct', pct, 'th', th, 'commas', commas, 'digits', digits, 'ex', ex, 'exs', exs, 'wh', wh);
END
@@ fx_sections(f text) text[]
DECLARE o text[] := '{}'; s text := ''; c text; q boolean := false;
BEGIN
  FOREACH c IN ARRAY string_to_array(f, NULL) LOOP
    IF c = '"' THEN q := NOT q; END IF;
    IF c = ';' AND NOT q THEN o := o || s; s := ''; ELSE s := s || c; END IF;
  END LOOP;
  RETURN (o || s)[1:4];
END
@@ fx_text(x0 float8, f text) text
DECLARE x float8 := coalesce(x0, 0); parts text[] := fx_sections(f); n int := cardinality(parts); plain boolean := n < 2 OR x >= 0; code text; s jsonb; p text[]; o text := ''; e int := 0; m float8;
BEGIN
  code := CASE WHEN n >= 3 AND x = 0 THEN parts[3] WHEN n >= 2 AND x < 0 THEN parts[2] ELSE parts[1] END;
  IF code = '' OR lower(code) = 'general' OR code = '@' THEN RETURN fx_str(CASE WHEN plain THEN x ELSE -x END); END IF;
  s := fx_section(code);
  IF s IS NULL THEN RETURN NULL; END IF;
  FOR i IN 1 .. (s->>'pct')::int LOOP x := fx_mul(x, 100); END LOOP;
  FOR i IN 1 .. (s->>'th')::int LOOP x := fx_div(x, 1000); END LOOP;
  IF x IS NULL THEN RETURN NULL; END IF;
  IF x < 0 AND plain THEN o := '-'; END IF;
  o := o || (s->>'pre');
  IF (s->>'digits')::boolean AND (s->>'ex')::int > 0 THEN
    RETURN fx_cap(o || fx_science(abs(x), greatest((s->>'wh')::int, 1), (s->>'lw')::int, (s->>'lp')::int, (s->>'mp')::int, (s->>'ex')::int, s->>'exs') || (s->>'suf'));
  END IF;
  IF (s->>'digits')::boolean THEN
    p := fx_plain(x, (s->>'mp')::int);
    o := o || fx_group(p[1], (s->>'lw')::int, (s->>'commas')::boolean) || CASE WHEN (s->>'lp')::int > 0 OR p[2] <> '' THEN '.' || rpad(p[2], greatest((s->>'lp')::int, length(p[2])), '0') ELSE '' END;
  END IF;
  RETURN fx_cap(o || (s->>'suf'));
END
@@ fx_science(x float8, st int, lw int, lp int, mp int, ex int, exs text) text
DECLARE e int := 0; v numeric := fx_15(x); p text[] := ARRAY['', ''];
BEGIN
  IF x <> 0 THEN
    e := CASE WHEN v >= 1 THEN length(trunc(v)::text) - 1 ELSE -(length(substring(trim_scale(v)::text FROM '^0\.(0*)')) + 1) END;
    WHILE e % st <> 0 LOOP e := e - 1; END LOOP;
    p := fx_plain(fx_f(v * CASE WHEN e > 0 THEN 1 / ('1e' || e)::numeric(1000, 400) ELSE ('1e' || -e)::numeric END), mp);
    IF length(p[1]) > st THEN
      e := e + st;
      p := fx_plain(fx_f(v * CASE WHEN e > 0 THEN 1 / ('1e' || e)::numeric(1000, 400) ELSE ('1e' || -e)::numeric END), mp);
    END IF;
  END IF;
  RETURN fx_group(p[1], lw, false) || CASE WHEN lp > 0 OR p[2] <> '' THEN '.' || rpad(p[2], greatest(lp, length(p[2])), '0') ELSE '' END ||
    left(exs, 1) || CASE WHEN e < 0 THEN '-' WHEN right(exs, 1) = '+' THEN '+' ELSE '' END || lpad(abs(e)::text, greatest(ex, length(abs(e)::text)), '0');
END
@@ fx_textdate(t timestamp, f text) text
DECLARE i int := 1; n int; l text; b text := ''; nx text; o text := ''; lf text := lower(f); twelve boolean := lf ~ 'am/pm|a/p|上午/下午'; h int := extract(hour FROM t)::int; hh int; k int;
BEGIN
  IF t IS NULL THEN RETURN NULL; END IF;
  hh := CASE WHEN twelve THEN (h + 11) % 12 + 1 ELSE h END;
  WHILE i <= length(f) LOOP
    l := substr(lf, i, 1);
    IF substr(lf, i, 5) = 'am/pm' THEN o := o || CASE WHEN h < 12 THEN 'AM' ELSE 'PM' END; i := i + 5; CONTINUE; END IF;
    IF substr(lf, i, 3) = 'a/p' THEN o := o || CASE WHEN h < 12 THEN 'A' ELSE 'P' END; i := i + 3; CONTINUE; END IF;
    IF substr(lf, i, 5) = '上午/下午' THEN o := o || CASE WHEN h < 12 THEN '上午' ELSE '下午' END; i := i + 5; CONTINUE; END IF;
    n := 0;
    WHILE substr(lf, i + n, 1) = l AND i + n <= length(f) LOOP n := n + 1; END LOOP;
    IF NOT (l = 'a' AND n >= 3) AND l NOT IN ('y', 'm', 'd', 'h', 's') THEN
      IF l = '"' THEN
        k := strpos(substr(f, i + 1), '"');
        IF k = 0 THEN EXIT; END IF;
        o := o || substr(f, i + 1, k - 1); i := i + k + 1;
      ELSIF l IN ('_', '*') THEN i := i + 2;
      ELSE
        IF l = '\' AND i < length(f) THEN i := i + 1; END IF;
        o := o || substr(f, i, 1); i := i + 1;
      END IF;
      CONTINUE;
    END IF;
    nx := substring(substr(lf, i + n) FROM '[ymdhs]');
    o := o || CASE l
      WHEN 'y' THEN CASE WHEN n <= 2 THEN to_char(t, 'YY') ELSE to_char(t, 'YYYY') END
      WHEN 'm' THEN CASE WHEN b = 'h' OR nx = 's' THEN lpad(extract(minute FROM t)::int::text, greatest(n, length(extract(minute FROM t)::int::text)), '0')
        WHEN n > 3 THEN to_char(t, 'FMMonth') WHEN n = 3 THEN to_char(t, 'Mon') ELSE lpad(extract(month FROM t)::int::text, greatest(n, length(extract(month FROM t)::int::text)), '0') END
      WHEN 'd' THEN CASE WHEN n > 3 THEN to_char(t, 'FMDay') WHEN n = 3 THEN to_char(t, 'Dy') ELSE lpad(extract(day FROM t)::int::text, greatest(n, length(extract(day FROM t)::int::text)), '0') END
      WHEN 'h' THEN lpad(hh::text, greatest(n, length(hh::text)), '0')
      WHEN 's' THEN lpad(floor(extract(second FROM t))::int::text, greatest(n, length(floor(extract(second FROM t))::int::text)), '0')
      ELSE CASE WHEN n > 3 THEN '星期' ELSE '' END || substr('一二三四五六日', extract(isodow FROM t)::int, 1) END;
    b := l;
    i := i + n;
  END LOOP;
  RETURN fx_cap(o);
END
@@ fx_rmbcap(x float8) text
DECLARE u numeric; yuan numeric; g int; gap boolean := false; o text := ''; d int; jiao int; fen int; q text;
BEGIN
  IF x IS NULL THEN RETURN NULL; END IF;
  u := round(abs(fx_dec(x)) * 100);
  IF u > 9007199254740992 THEN RETURN NULL; END IF;
  yuan := trunc(u / 100);
  FOR i IN REVERSE 3 .. 0 LOOP
    g := (trunc(yuan / (10000::numeric ^ i)) % 10000)::int;
    IF g > 0 THEN
      FOR k IN REVERSE 3 .. 0 LOOP
        d := (g / (10 ^ k)::int) % 10;
        IF d = 0 THEN gap := gap OR o <> '';
        ELSE
          IF gap AND o <> '' THEN o := o || '零'; END IF;
          gap := false;
          o := o || substr('零壹贰叁肆伍陆柒捌玖', d + 1, 1) || CASE k WHEN 1 THEN '拾' WHEN 2 THEN '佰' WHEN 3 THEN '仟' ELSE '' END;
        END IF;
      END LOOP;
      gap := false;
      o := o || CASE WHEN i % 2 = 1 THEN '万' ELSE '' END;
    ELSE gap := gap OR o <> ''; END IF;
    IF i = 2 AND o <> '' THEN o := o || '亿'; END IF;
  END LOOP;
  jiao := (trunc(u / 10) % 10)::int;
  fen := (u % 10)::int;
  q := CASE WHEN x < 0 AND u > 0 THEN '负' ELSE '' END || o;
  IF u >= 100 OR u = 0 THEN q := q || CASE WHEN u = 0 THEN '零元' ELSE '元' END; END IF;
  IF jiao > 0 THEN q := q || substr('零壹贰叁肆伍陆柒捌玖', jiao + 1, 1) || '角'; END IF;
  IF fen > 0 THEN q := q || CASE WHEN jiao = 0 AND u >= 100 THEN '零' ELSE '' END || substr('零壹贰叁肆伍陆柒捌玖', fen + 1, 1) || '分'; END IF;
  IF jiao = 0 AND fen = 0 THEN q := q || '整'; END IF;
  RETURN q;
END

-- ---- days, instants ----
@ fx_d(d bigint) date
date '1970-01-01' + d::int
@ fx_okday(d bigint) bigint
CASE WHEN d BETWEEN -719162 AND 2932896 THEN d END
@ fx_fdiv(a bigint, b bigint) bigint
(a - ((a % b) + b) % b) / b
@ fx_local(u bigint, z text) timestamp
(timestamp '1970-01-01' + make_interval(days => fx_fdiv(u, 86400000000)::int, secs => (u - fx_fdiv(u, 86400000000) * 86400000000)::float8 / 1000000)) AT TIME ZONE 'UTC' AT TIME ZONE z
@ fx_at(t timestamp, z text) bigint
(extract(epoch FROM (t AT TIME ZONE z)) * 1000000)::bigint
@ fx_day(u bigint, z text) bigint
(fx_local(u, z)::date - date '1970-01-01')::bigint
@ fx_secs(u bigint, z text) bigint
floor(extract(epoch FROM fx_local(u, z)::time))::bigint
@ fx_midnight(d bigint, z text) bigint
fx_at(fx_d(d)::timestamp, z)
@ fx_iso(u bigint, z text) text
CASE WHEN u IS NOT NULL THEN to_char(fx_local(u, z), 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN u % 1000000 <> 0 THEN rtrim('.' || lpad((((u % 1000000) + 1000000) % 1000000)::text, 6, '0'), '0') ELSE '' END ||
  (SELECT CASE WHEN m = 0 THEN 'Z' ELSE CASE WHEN m < 0 THEN '-' ELSE '+' END || lpad((abs(m) / 60)::text, 2, '0') || ':' || lpad((abs(m) % 60)::text, 2, '0') END FROM (SELECT ((fx_at(fx_local(u, z), 'UTC') - u) / 60000000)::int AS m) AS o) END
@ fx_clock(s bigint) text
lpad((s / 3600)::text, 2, '0') || ':' || lpad((s / 60 % 60)::text, 2, '0') || ':' || lpad((s % 60)::text, 2, '0')
@@ fx_dayof(m float8, d float8) bigint
DECLARE y int; o bigint;
BEGIN
  IF NOT (abs(m) < 1e6 AND abs(d) < 1e7) THEN RETURN NULL; END IF;
  y := floor(m / 12)::int;
  IF y < 1 OR y > 9999 THEN RETURN NULL; END IF;
  o := make_date(y, (m - y * 12.0)::int + 1, 1) - date '1970-01-01' + d::bigint - 1;
  RETURN fx_okday(o);
END
@ fx_date(y float8, m float8, d float8) bigint
CASE WHEN abs(y) < 1e6 AND abs(m) < 1e7 THEN fx_dayof(trunc(y) * 12 + trunc(m) - 1, trunc(d)) END
@@ fx_parseday(s text) bigint
DECLARE p text[];
BEGIN
  p := regexp_match(s, '^([0-9]{1,4})(?:-|/|\.|年)([0-9]{1,4})(?:-|/|\.|月)([0-9]{1,4})日?$');
  IF p IS NULL OR p[1]::int < 1 THEN RETURN NULL; END IF;
  RETURN make_date(p[1]::int, p[2]::int, p[3]::int) - date '1970-01-01';
EXCEPTION WHEN OTHERS THEN RETURN NULL;
END
@@ fx_parsestamp(s text) bigint
DECLARE p text[]; u bigint; off int;
BEGIN
  p := regexp_match(s, '^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$');
  IF p IS NULL OR p[2]::int > 23 OR p[3]::int > 59 OR p[4]::int > 59 THEN RETURN NULL; END IF;
  off := CASE WHEN lower(p[6]) = 'z' THEN 0 ELSE (left(p[6], 1) || '1')::int * (substr(p[6], 2, 2)::int * 3600 + right(p[6], 2)::int * 60) END;
  u := ((fx_parseday(p[1]) * 86400 + p[2]::int * 3600 + p[3]::int * 60 + p[4]::int - off) * 1000000) + coalesce(rpad(substr(p[5], 2, 6), 6, '0')::int, 0);
  RETURN CASE WHEN fx_okday(fx_fdiv(u, 86400000000)) IS NOT NULL THEN u END;
EXCEPTION WHEN OTHERS THEN RETURN NULL;
END
@ fx_datevalue(z text, t text) bigint
coalesce(fx_parseday(btrim(t, E' \t\r\n\f\v\u3000')), fx_day(fx_parsestamp(btrim(t, E' \t\r\n\f\v\u3000')), z))
@@ fx_parseclock(t text) bigint
DECLARE s text := t; noon int := -1; p text[]; o bigint;
BEGIN
  IF length(s) > 2 AND lower(right(s, 2)) IN ('am', 'pm') THEN
    noon := CASE WHEN lower(right(s, 2)) = 'pm' THEN 12 ELSE 0 END; s := btrim(left(s, -2), E' \t\r\n\f\v\u3000');
  ELSIF length(s) > 2 AND left(s, 2) IN ('上午', '下午') THEN
    noon := CASE WHEN left(s, 2) = '下午' THEN 12 ELSE 0 END; s := btrim(substr(s, 3), E' \t\r\n\f\v\u3000');
  END IF;
  p := regexp_match(s, '^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?$');
  IF p IS NULL OR p[1]::int > 23 OR p[2]::int > 59 OR coalesce(p[3], '0')::int > 59 THEN RETURN NULL; END IF;
  o := p[1]::int * 3600 + p[2]::int * 60 + coalesce(p[3], '0')::int;
  IF noon >= 0 AND o >= 46800 THEN RETURN NULL; END IF;
  RETURN CASE WHEN noon >= 0 THEN o % 43200 + noon * 3600 ELSE o END;
END
@ fx_timevalue(t text) bigint
fx_parseclock(btrim(t, E' \t\r\n\f\v\u3000'))
@ fx_isoday(s text) bigint
CASE WHEN s ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN fx_parseday(s) END
@ fx_criterion(k text, s text, z text) bigint
CASE k WHEN 'd' THEN fx_isoday(s) WHEN 'i' THEN coalesce(fx_parsestamp(s), fx_midnight(fx_isoday(s), z))
  WHEN 'm' THEN CASE WHEN s ~ '^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$' THEN fx_parseclock(s) END
  WHEN 'b' THEN CASE lower(s) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END END
@@ fx_matching(l bigint[], c text, k text, z text) boolean[]
DECLARE op text := coalesce(substring(c FROM '^(<>|<=|>=|<|>|=)'), ''); x bigint := fx_criterion(k, substr(c, length(op) + 1), z);
BEGIN
  RETURN ARRAY(SELECT CASE op WHEN '<>' THEN v IS DISTINCT FROM x WHEN '<' THEN v < x WHEN '<=' THEN v <= x WHEN '>' THEN v > x WHEN '>=' THEN v >= x ELSE v IS NOT DISTINCT FROM x END FROM unnest(l) v);
END
@@ fx_matchids(l text[], c text) boolean[]
DECLARE op text := coalesce(substring(c FROM '^(<>|<=|>=|<|>|=)'), ''); x text := nullif(substr(c, length(op) + 1), '');
BEGIN
  RETURN ARRAY(SELECT CASE WHEN op = '<>' THEN v IS DISTINCT FROM x WHEN op IN ('=', '') THEN v IS NOT DISTINCT FROM x ELSE FALSE END FROM unnest(l) v);
END
@ fx_time(h float8, m float8, s float8) bigint
CASE WHEN abs(h) < 1e9 AND abs(m) < 1e9 AND abs(s) < 1e10 AND trunc(h) * 3600 + trunc(m) * 60 + trunc(s) BETWEEN 0 AND 1e9 THEN (trunc(h) * 3600 + trunc(m) * 60 + trunc(s))::bigint % 86400 END
@ fx_moment(d bigint, s bigint, z text) bigint
CASE WHEN fx_okday(d + fx_fdiv(s, 86400)) IS NOT NULL THEN fx_at(fx_d(d + fx_fdiv(s, 86400))::timestamp + make_interval(secs => (s - fx_fdiv(s, 86400) * 86400)::float8), z) END
@@ fx_stampof(z text, t text) bigint
DECLARE s text := btrim(t, E' \t\r\n\f\v\u3000'); u bigint := fx_parsestamp(s); g int; d bigint; c bigint := 0;
BEGIN
  IF u IS NOT NULL THEN RETURN u; END IF;
  g := strpos(s, ' ');
  IF g = 0 THEN g := strpos(s, 'T'); END IF;
  d := fx_parseday(CASE WHEN g = 0 THEN s ELSE left(s, g - 1) END);
  IF g > 0 THEN c := fx_parseclock(btrim(substr(s, g + 1), E' \t\r\n\f\v\u3000')); END IF;
  RETURN fx_moment(d, c, z);
END
@ fx_datetime(z text, d bigint, s bigint DEFAULT 0) bigint
fx_moment(d, coalesce(s, 0), z)
@ fx_datetime(z text, y float8, m float8, d float8, h float8 DEFAULT 0, n float8 DEFAULT 0, s float8 DEFAULT 0) bigint
CASE WHEN abs(h) < 1e8 AND abs(n) < 1e9 AND abs(s) < 1e9 AND abs(trunc(h) * 3600 + trunc(n) * 60 + trunc(s)) < 1e9 THEN fx_moment(fx_date(y, m, d), (trunc(h) * 3600 + trunc(n) * 60 + trunc(s))::bigint, z) END
@ fx_move(d bigint, b float8) bigint
CASE WHEN b > -1e7 AND b < 1e7 THEN fx_okday(d + floor(b)::bigint) END
@ fx_shift(u bigint, b float8) bigint
CASE WHEN b > -1e7 AND b < 1e7 AND fx_okday(fx_fdiv(u + fx_round(b * 86400000000.0)::bigint, 86400000000)) IS NOT NULL THEN u + fx_round(b * 86400000000.0)::bigint END
@ fx_year(d bigint) float8
extract(year FROM fx_d(d))::float8
@ fx_month(d bigint) float8
extract(month FROM fx_d(d))::float8
@ fx_quarter(d bigint) float8
extract(quarter FROM fx_d(d))::float8
@ fx_dom(d bigint) float8
extract(day FROM fx_d(d))::float8
@ fx_hour(s bigint) float8
(s / 3600)::float8
@ fx_minute(s bigint) float8
(s / 60 % 60)::float8
@ fx_second(s bigint) float8
(s % 60)::float8
@ fx_firstwd(k float8) int
CASE WHEN trunc(k) IN (1, 17) THEN 7 WHEN trunc(k) = 2 THEN 1 WHEN trunc(k) BETWEEN 11 AND 16 THEN trunc(k)::int - 10 ELSE 0 END
@ fx_wd(d bigint) int
extract(isodow FROM fx_d(d))::int
@ fx_weekday(d bigint, k float8 DEFAULT 1) float8
CASE WHEN trunc(k) = 3 THEN fx_wd(d) - 1 WHEN fx_firstwd(k) > 0 THEN (fx_wd(d) - fx_firstwd(k) + 7) % 7 + 1 END
@ fx_isoweeknum(d bigint) float8
CASE WHEN d - fx_wd(d) + 4 <= 2932896 AND d - fx_wd(d) + 4 >= -719162 THEN extract(week FROM fx_d(d))::float8 ELSE CASE WHEN d IS NOT NULL THEN 0 END END
@ fx_yearday(d bigint) bigint
extract(doy FROM fx_d(d))::bigint - 1
@ fx_weeknum(d bigint, k float8 DEFAULT 1) float8
CASE WHEN trunc(k) = 21 THEN fx_isoweeknum(d) WHEN fx_firstwd(k) > 0 THEN ((fx_yearday(d) + (fx_wd(d - fx_yearday(d)) - fx_firstwd(k) + 7) % 7) / 7 + 1)::float8 END
@@ fx_months(d bigint, b float8, last boolean) bigint
DECLARE f bigint; n int;
BEGIN
  IF d IS NULL THEN RETURN NULL; END IF;
  f := fx_dayof(fx_year(d) * 12 + fx_month(d) - 1 + trunc(b), 1);
  IF f IS NULL THEN RETURN NULL; END IF;
  n := extract(day FROM (fx_d(f) + interval '1 month' - interval '1 day'))::int;
  RETURN f + CASE WHEN last THEN n ELSE least(fx_dom(d)::int, n) END - 1;
END
@ fx_edate(d bigint, b float8) bigint
fx_months(d, b, false)
@ fx_eomonth(d bigint, b float8) bigint
fx_months(d, b, true)
@ fx_days(a bigint, b bigint) float8
(a - b)::float8
@ fx_monthlen(y int, m int) int
extract(day FROM (make_date(y, m, 1) + interval '1 month' - interval '1 day'))::int
@@ fx_datedif(a bigint, b bigint, u0 text) float8
DECLARE u text := upper(u0); y1 int; m1 int; d1 int; y2 int; m2 int; d2 int; m int; y int;
BEGIN
  IF a IS NULL OR b IS NULL OR a > b THEN RETURN NULL; END IF;
  y1 := fx_year(a); m1 := fx_month(a); d1 := fx_dom(a); y2 := fx_year(b); m2 := fx_month(b); d2 := fx_dom(b);
  m := (y2 - y1) * 12 + m2 - m1 - CASE WHEN d2 < d1 THEN 1 ELSE 0 END;
  IF u = 'Y' THEN RETURN m / 12; ELSIF u = 'M' THEN RETURN m; ELSIF u = 'D' THEN RETURN b - a; ELSIF u = 'YM' THEN RETURN m % 12; END IF;
  IF u = 'MD' THEN
    IF d2 >= d1 THEN RETURN d2 - d1; END IF;
    y := CASE WHEN m2 = 1 THEN y2 - 1 ELSE y2 END;
    RETURN CASE WHEN y < 1 THEN 31 ELSE fx_monthlen(y, CASE WHEN m2 = 1 THEN 12 ELSE m2 - 1 END) END - d1 + d2;
  END IF;
  IF u = 'YD' THEN
    y := greatest(y2 - CASE WHEN m2 < m1 OR m2 = m1 AND d2 < d1 THEN 1 ELSE 0 END, 1);
    RETURN b - (make_date(y, m1, least(d1, fx_monthlen(y, m1))) - date '1970-01-01');
  END IF;
  RETURN NULL;
END
@ fx_leap(y int) boolean
y % 4 = 0 AND (y % 100 <> 0 OR y % 400 = 0)
@@ fx_yearfrac(a0 bigint, b0 bigint, k float8 DEFAULT 0) float8
DECLARE a bigint := least(a0, b0); b bigint := greatest(a0, b0); y1 int; m1 int; d1 int; y2 int; m2 int; d2 int; l float8; e1 boolean; e2 boolean;
BEGIN
  IF a0 IS NULL OR b0 IS NULL THEN RETURN NULL; END IF;
  y1 := fx_year(a); m1 := fx_month(a); d1 := fx_dom(a); y2 := fx_year(b); m2 := fx_month(b); d2 := fx_dom(b);
  IF trunc(k) = 0 THEN
    e1 := m1 = 2 AND d1 = fx_monthlen(y1, 2); e2 := m2 = 2 AND d2 = fx_monthlen(y2, 2);
    IF e1 THEN IF e2 THEN d2 := 30; END IF; d1 := 30; END IF;
    IF d2 = 31 AND d1 >= 30 THEN d2 := 30; END IF;
    d1 := least(d1, 30);
    RETURN ((y2 - y1) * 360 + (m2 - m1) * 30 + (d2 - d1))::float8 / 360;
  ELSIF trunc(k) = 4 THEN
    RETURN ((y2 - y1) * 360 + (m2 - m1) * 30 + (least(d2, 30) - least(d1, 30)))::float8 / 360;
  ELSIF trunc(k) = 1 THEN
    IF NOT (y1 = y2 OR y2 = y1 + 1 AND (m1 > m2 OR m1 = m2 AND d1 >= d2)) THEN
      l := (CASE WHEN y2 = 9999 THEN date '9999-12-31' + 1 ELSE make_date(y2 + 1, 1, 1) END - make_date(y1, 1, 1))::float8 / (y2 - y1 + 1);
    ELSIF y1 = y2 THEN l := CASE WHEN fx_leap(y1) THEN 366 ELSE 365 END;
    ELSE l := CASE WHEN fx_leap(y1) AND m1 <= 2 OR fx_leap(y2) AND (m2 > 2 OR m2 = 2 AND d2 = 29) THEN 366 ELSE 365 END; END IF;
    RETURN (b - a)::float8 / l;
  ELSIF trunc(k) IN (2, 3) THEN
    RETURN (b - a)::float8 / CASE WHEN trunc(k) = 2 THEN 360 ELSE 365 END;
  END IF;
  RETURN NULL;
END
@ fx_works(w int, h bigint[], m bigint[], d bigint) boolean
CASE WHEN d = ANY (m) THEN true WHEN d = ANY (h) THEN false ELSE (w >> (fx_wd(d) - 1)) & 1 = 1 END
@@ fx_workday(w int, h bigint[], m bigint[], d0 bigint, n float8, l bigint[] DEFAULT NULL) bigint
DECLARE d bigint := d0; k float8 := abs(trunc(n)); s int := CASE WHEN trunc(n) < 0 THEN -1 ELSE 1 END;
BEGIN
  IF d IS NULL OR k > 1e5 THEN RETURN NULL; END IF;
  WHILE k > 0 LOOP
    d := d + s;
    IF fx_okday(d) IS NULL THEN RETURN NULL; END IF;
    IF fx_works(w, h, m, d) AND NOT coalesce(d = ANY (l), false) THEN k := k - 1; END IF;
  END LOOP;
  RETURN d;
END
@@ fx_networkdays(w int, h bigint[], m bigint[], a bigint, b bigint, l bigint[] DEFAULT NULL) float8
BEGIN
  IF a IS NULL OR b IS NULL OR abs(a - b) > 200000 THEN RETURN NULL; END IF;
  RETURN CASE WHEN a <= b THEN 1 ELSE -1 END * (SELECT count(*) FROM generate_series(least(a, b), greatest(a, b)) d WHERE fx_works(w, h, m, d) AND NOT coalesce(d = ANY (l), false));
END

-- ---- lists as one text, for whoever reads a list out (fx_sqlfn.c) ----
@ fx_packed(c text, l text[]) text
(SELECT string_agg(CASE WHEN v IS NULL OR v = '' THEN 'x0:' ELSE c || octet_length(v) || ':' || v END, '' ORDER BY i) FROM unnest(l) WITH ORDINALITY AS t(v, i))
