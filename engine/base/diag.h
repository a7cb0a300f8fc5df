/*
 * A list of problems for validation that reports everything at once: a form's fields, an app's
 * files.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "engine/base/err.h"
#include "engine/base/vec.h"

enum diag_level { DIAG_ERROR, DIAG_WARN };

struct diag {
    enum diag_level level;
    enum err_code code; /* ERR_INVALID unless said: a DENIED or CONFLICT entry decides the status */
    struct str key;
    struct str zh;
    struct str en;
    struct str path; /* field path of a record, or key path of a definition */
    struct str file; /* definition file; empty for records */
    struct src_pos pos;
    struct str extra; /* JSON object with more members of the answer (a conflict's yours, theirs,
                         by, at, version); empty: none */
};

struct diags {
    struct arena *a;
    VEC(struct diag) list;
    size_t errors;     /* entries of level DIAG_ERROR */
    struct str prefix; /* put before each path: "items[2]" */
    bool full;         /* the limit is reached; for diag.c */
};

void diags_init(struct diags *d, struct arena *a);

/* Adds one and returns it for more detail; the list stops growing at 1,000 (counting goes on). */
struct diag *diag_add(struct diags *d, const char *key, const char *zh, const char *en, ...)
    __attribute__((format(printf, 3, 5), format(printf, 4, 5)));

/* The same with a path, for record fields. */
struct diag *diag_field(struct diags *d, struct str path, const char *key, const char *zh,
                        const char *en, ...)
    __attribute__((format(printf, 4, 6), format(printf, 5, 6)));

/* The same with a place in a file, for definitions. */
struct diag *diag_file(struct diags *d, enum diag_level level, struct str file, struct src_pos pos,
                       const char *key, const char *zh, const char *en, ...)
    __attribute__((format(printf, 6, 8), format(printf, 7, 8)));

#endif
