/*
 * fx_… for PostgreSQL: arithmetic. PostgreSQL raises where the language gives blank (overflow,
 * division by zero) or 0 (underflow); these do what fx_eval.c does. Most calls take the first
 * branch; the edges are left to PL/pgSQL, which catches.
 */
#include "engine/formula/fx_pgfn.h"

#include "engine/base/attr.h"

#define SQL_FN(name, args, result, body)                                                           \
    "CREATE OR REPLACE FUNCTION " name "(" args ") RETURNS " result                                \
    " LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $fx$ SELECT " body " $fx$"
#define PL_FN(name, args, result, declare, body)                                                   \
    "CREATE OR REPLACE FUNCTION " name "(" args ") RETURNS " result                                \
    " LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $fx$ DECLARE " declare " BEGIN " body            \
    " END $fx$"

static const char *const statements[] = {
    PL_FN("fx_edge", "op text, a float8, b float8", "float8", "small boolean;",
          "small := CASE op WHEN '*' THEN abs(a) < 1 OR abs(b) < 1 ELSE abs(a) < 1 OR abs(b) > 1 "
          "END; "
          "RETURN CASE op WHEN '+' THEN a + b WHEN '-' THEN a - b WHEN '*' THEN a * b ELSE a / b "
          "END; "
          "EXCEPTION WHEN numeric_value_out_of_range THEN "
          "RETURN CASE WHEN op IN ('*', '/') AND small THEN 0 END;"),
    SQL_FN("fx_add", "a float8, b float8", "float8",
           "CASE WHEN abs(a) < 1e300 AND abs(b) < 1e300 THEN a + b ELSE fx_edge('+', a, b) END"),
    SQL_FN("fx_sub", "a float8, b float8", "float8",
           "CASE WHEN abs(a) < 1e300 AND abs(b) < 1e300 THEN a - b ELSE fx_edge('-', a, b) END"),
    SQL_FN("fx_mul", "a float8, b float8", "float8",
           "CASE WHEN a = 0 OR b = 0 THEN 0 WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND "
           "abs(b) BETWEEN 1e-150 AND 1e150 THEN a * b ELSE fx_edge('*', a, b) END"),
    SQL_FN("fx_div", "a float8, b float8", "float8",
           "CASE WHEN b = 0 THEN NULL WHEN a = 0 THEN 0 WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND "
           "abs(b) BETWEEN 1e-150 AND 1e150 THEN a / b ELSE fx_edge('/', a, b) END"),
    /* The compensated sum of num_sum_add(): the same in whatever order the rows come. */
    "CREATE OR REPLACE FUNCTION fx_sum_add(s float8[], x float8) RETURNS float8[] LANGUAGE sql"
    " IMMUTABLE STRICT PARALLEL SAFE AS $fx$ SELECT ARRAY[s[1] + x, s[2] + CASE WHEN abs(s[1]) >="
    " abs(x) THEN (s[1] - (s[1] + x)) + x ELSE (x - (s[1] + x)) + s[1] END] $fx$",
    SQL_FN("fx_sum_end", "s float8[]", "float8", "s[1] + s[2]"),
    "CREATE OR REPLACE AGGREGATE fx_sum(float8) (SFUNC = fx_sum_add, STYPE = float8[],"
    " FINALFUNC = fx_sum_end, INITCOND = '{0,0}', PARALLEL = SAFE)",
};

struct str fx_pg_function(size_t i)
{
    return i < ARRAY_LEN(statements) ? str_of(statements[i]) : STR_NONE;
}

struct str fx_pg_version(char buf[17])
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    struct str s;
    for (size_t i = 0; (s = fx_pg_function(i)).n > 0; i++) {
        for (size_t k = 0; k < s.n; k++) {
            h = (h ^ (unsigned char)s.p[k]) * UINT64_C(0x100000001b3);
        }
    }
    for (int i = 15; i >= 0; i--, h >>= 4) {
        buf[i] = "0123456789abcdef"[h & 15];
    }
    buf[16] = '\0';
    return (struct str){buf, 16};
}
