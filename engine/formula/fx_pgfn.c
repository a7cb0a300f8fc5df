/*
 * fx_… for PostgreSQL: the statements of fx_pg.sql, turned into C strings while building.
 * PostgreSQL raises where the language gives blank (overflow, division by zero) or 0 (underflow);
 * these do what fx_eval.c and fx_fn_*.c do.
 */
#include "engine/formula/fx_pgfn.h"

#include "engine/base/attr.h"

static const char *const statements[] = {
#include "fx_pg_sql.h"
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
