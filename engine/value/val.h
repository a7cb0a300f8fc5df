/*
 * The tagged value of the whole engine: what a field holds, an expression gives, a script sees and
 * JSON carries. 16 bytes, passed by value; texts, lists and objects are borrowed from an arena.
 *
 * Blank is one value. The empty text and the empty list are blank too: val_text() and val_list()
 * turn them into VAL_BLANK.
 */
#ifndef VALUE_VAL_H
#define VALUE_VAL_H

#include "engine/base/civil.h"
#include "engine/base/str.h"

enum val_kind {
    VAL_BLANK = 0,
    VAL_BOOL,    /* b */
    VAL_NUM,     /* num: finite double */
    VAL_DEC,     /* i: units of 10^-scale, exact; |i| <= 2^53 at the borders */
    VAL_TEXT,    /* text, n bytes, UTF-8 */
    VAL_DATE,    /* i: days since 1970-01-01 */
    VAL_TIME,    /* i: seconds of the day */
    VAL_INSTANT, /* i: microseconds since the epoch, UTC */
    VAL_REF,     /* ref: a row, member, department or file: id and title */
    VAL_LIST,    /* list, n items */
    VAL_OBJ,     /* obj, n members */
    VAL_ABSENT   /* not given, not loaded; never leaves the engine */
};

struct val;
struct member;

struct ref {
    int64_t id;
    struct str title;   /* STR_NONE: unknown or invisible */
    struct str type;    /* files: MIME type; else empty */
    int64_t size_bytes; /* files */
};

struct val {
    uint8_t kind;
    uint8_t scale; /* VAL_DEC: 0 … 12 */
    uint16_t spare;
    uint32_t n;
    union {
        bool b;
        double num;
        int64_t i;
        const char *text;
        const struct val *list;
        const struct pair *obj;
        const struct ref *ref;
    };
};

/* One member of a VAL_OBJ. */
struct pair {
    struct str key;
    struct val value;
};

_Static_assert(sizeof(struct val) == 16, "a value is 16 bytes");

#define VAL_NONE ((struct val){.kind = VAL_BLANK})

struct val val_bool(bool b);
struct val val_num(double num); /* not finite: blank; -0 becomes 0 */
struct val val_dec(int64_t units, unsigned scale);
struct val val_text(struct str s); /* borrowed; empty: blank */
struct val val_date(int64_t days);
struct val val_time(int64_t seconds);
struct val val_instant(int64_t us);
struct val val_ref(struct arena *a, int64_t id, struct str title);
struct val val_list(const struct val *items, size_t n);
struct val val_obj(const struct pair *pairs, size_t n);

static inline bool val_is_blank(struct val v)
{
    return v.kind == VAL_BLANK || v.kind == VAL_ABSENT;
}

/* The text of a VAL_TEXT, else the empty slice. */
struct str val_str(struct val v);
/* The number of a VAL_NUM or VAL_DEC, 0 for everything else. */
double val_double(struct val v);
/* The member of a VAL_OBJ; VAL_ABSENT when there is none. */
struct val val_get(struct val obj, struct str key);
/* Deep copy into an arena. */
struct val val_copy(struct arena *a, struct val v);
/* Same kind and content; VAL_NUM and VAL_DEC compare as numbers; refs by id. Blank equals blank. */
bool val_same(struct val x, struct val y);
/* Order for sorting: blanks first, then by kind, numbers, text by code point. */
int val_cmp(struct val x, struct val y);

#endif
