/*
 * The table of functions: look-up by name over the themes' rows, each theme sorted by name.
 */
#include "engine/formula/fx_int.h"

const struct fn_table *fx_table(size_t i)
{
    static const struct fn_table *const tables[] = {&fx_fns_logic, &fx_fns_math, &fx_fns_list,
                                                    &fx_fns_text,  &fx_fns_date, &fx_fns_context};
    return i < ARRAY_LEN(tables) ? tables[i] : NULL;
}

/* Compares without case; rows are upper-case. */
static int compare(struct str name, const char *row)
{
    for (size_t i = 0;; i++) {
        int c = i < name.n ? (unsigned char)name.p[i] : 0;
        int d = (unsigned char)row[i];
        c = c >= 'a' && c <= 'z' ? c - 32 : c;
        if (c != d || c == 0) {
            return c - d;
        }
    }
}

static const struct fn *find_in(const struct fn_table *t, struct str name)
{
    size_t lo = 0;
    size_t hi = t->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int d = compare(name, t->rows[mid].name);
        if (d == 0) {
            return &t->rows[mid];
        }
        if (d < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}

const struct fn *fx_fn_find(struct str name)
{
    const struct fn *fn = NULL;
    const struct fn_table *t;
    for (size_t i = 0; fn == NULL && (t = fx_table(i)) != NULL; i++) {
        fn = find_in(t, name);
    }
    return fn;
}

struct str fx_fn_nearest(struct str name, struct arena *a)
{
    char *upper = arena_alloc(a, name.n);
    struct str best = STR_NONE;
    size_t distance = name.n <= 3 ? 1 : 2;
    const struct fn_table *t;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    for (size_t i = 0; (t = fx_table(i)) != NULL; i++) {
        for (size_t k = 0; k < t->n; k++) {
            struct str row = str_of(t->rows[k].name);
            size_t d = str_distance((struct str){upper, name.n}, row, distance);
            if (d < distance || (d == distance && best.n == 0)) {
                best = row;
                distance = d;
            }
        }
    }
    return best;
}

#ifndef __wasm__
bool fx_function(size_t i, struct fx_fn_doc *out)
{
    const struct fn_table *t;
    for (size_t k = 0; (t = fx_table(k)) != NULL; k++) {
        if (i < t->n) {
            *out = t->rows[i].doc;
            out->name = t->rows[i].name;
            return true;
        }
        i -= t->n;
    }
    return false;
}
#endif
