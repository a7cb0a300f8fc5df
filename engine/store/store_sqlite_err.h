/*
 * What SQLite's errors mean to people.
 */
#ifndef STORE_STORE_SQLITE_ERR_H
#define STORE_STORE_SQLITE_ERR_H

#include "engine/base/err.h"

struct error_row {
    int code; /* extended, or primary: then for all of its extended codes */
    enum err_code err;
    const char *key, *zh, *en;
};

/* Never NULL; `code` is the extended one. */
const struct error_row *sqlite_error(int code, const char *message);
/* "UNIQUE constraint failed: t.a, t.b" to "a,b" in err->path. */
void sqlite_error_columns(struct err *err, const char *message);

#endif
