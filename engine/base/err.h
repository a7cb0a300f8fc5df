/*
 * One error of an operation.  Set once, where it happens; callers pass it up, at most adding where.
 * Holds its own text (errors must not allocate), in Chinese and English.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "engine/base/attr.h"
#include "engine/base/str.h"

enum err_code {
    ERR_NONE = 0,
    ERR_MALFORMED, /* cannot be read at all                               400 */
    ERR_AUTH,      /* nobody is logged in                                 401 */
    ERR_DENIED,    /* visible, but not allowed                            403 */
    ERR_NOT_FOUND, /* absent or invisible                                 404 */
    ERR_GONE,      /* was there, and is no more for anybody            410 */
    ERR_CONFLICT,  /* duplicate, wrong state, definition changed          409 */
    ERR_STALE,     /* another version than If-Match says                  412 */
    ERR_TOO_LARGE, /* over a size limit                                   413 */
    ERR_MEDIA,     /* wrong content type                                  415 */
    ERR_INVALID,   /* understood, but not valid                           422 */
    ERR_LOCKED,    /* a flow holds the record                             423 */
    ERR_PRECOND,   /* a version is required                               428 */
    ERR_LIMIT,     /* too many requests                                   429 */
    ERR_RETRY,     /* transient store trouble: the transaction may be run again; 503 in the end */
    ERR_BUSY,      /* queue full, draining                                503 */
    ERR_OOM,       /* out of memory                                       503 */
    ERR_TIMEOUT,   /* over a time or step limit                           503 */
    ERR_FULL,      /* storage full                                        507 */
    ERR_STORE,     /* the database failed                                 500 */
    ERR_INTERNAL   /* a bug                                               500 */
};

struct src_pos {
    uint32_t line;   /* from 1; 0: unknown */
    uint32_t column; /* from 1, in code points */
};

struct err {
    enum err_code code;
    char key[48]; /* stable, snake_case: "duplicate", "unknown_field" */
    char zh[400]; /* for people, complete sentences */
    char en[400];
    char path[160]; /* the field: "items[2].qty"; "" if none */
    char file[160]; /* definition or script, with pos; "" if none */
    struct src_pos pos;
};

#define ERR_INIT ((struct err){.code = ERR_NONE})

/*
 * Sets the error. Both texts take the same arguments in the same order.
 * Returns -1, so that `return err_set(…)` reads well.
 */
int err_set(struct err *err, enum err_code code, const char *key, const char *zh, const char *en,
            ...) __attribute__((format(printf, 4, 6), format(printf, 5, 6)));

/* The field the error is about: printf style. */
void err_at(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* Puts "prefix" before the path: err_in(err, "items[%zu]", i) makes items[2].qty of qty. */
void err_in(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

void err_source(struct err *err, struct str file, struct src_pos pos);

#endif
