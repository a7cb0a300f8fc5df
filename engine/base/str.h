/*
 * Text slices: UTF-8, not NUL-terminated, validated once at the border.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "engine/base/arena.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(lit) ((struct str){"" lit "", sizeof(lit) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* For printf: "%.*s", STR_ARG(s) */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

/* A slice over a NUL-terminated text (borrowed); NULL gives the empty slice. */
struct str str_of(const char *z);
bool str_eq(struct str a, struct str b);
bool str_eqz(struct str a, const char *z);
/* ASCII letters compare without case. */
bool str_ieq(struct str a, struct str b);
/* Order by bytes, which is order by code points: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Byte offset of the first `needle` at or after `from`, or -1. An empty needle is found at `from`.
 */
ptrdiff_t str_find(struct str s, struct str needle, size_t from);
ptrdiff_t str_findc(struct str s, char c);
struct str str_sub(struct str s, size_t from, size_t n); /* clamped */
/* Without ASCII white space and U+3000 at both ends. */
struct str str_trim(struct str s);
/* Cuts at the first `sep`: *head is what stands before it; returns what follows. */
struct str str_cut(struct str s, char sep, struct str *head);
/* A copy in the arena, and a NUL-terminated one for library calls. */
struct str str_dup(struct arena *a, struct str s);
char *str_z(struct arena *a, struct str s);
struct str str_fmt(struct arena *a, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Seeded hash (SipHash-1-3 or better) for tables that outside keys reach. */
uint64_t str_hash(struct str s);
/* Matches [a-z][a-z0-9_]{0,62}, the grammar of every key. */
bool str_is_key(struct str s);
/* Damerau-Levenshtein distance for "did you mean", at most `limit` + 1. */
size_t str_distance(struct str a, struct str b, size_t limit);
/* Whole text as an integer in [min, max]; false otherwise. */
bool str_int(struct str s, int64_t min, int64_t max, int64_t *out);

#endif
