/*
 * Rows of a CSV file to records through record_write: mapping, dry run, row errors, upsert,
 * progress.
 */
#ifndef RECORD_IMPORT_H
#define RECORD_IMPORT_H

#include "engine/record/record.h"
#include "engine/record/tablefile.h"
#include "engine/value/json.h"

enum import_mode { IMPORT_INSERT, IMPORT_UPDATE, IMPORT_UPSERT };

struct import {
    const struct form *form;
    struct str csv;                /* the whole file, UTF-8 (BOM allowed) or GB18030 */
    const struct tablefile *table; /* where csv came from, when it is a mapped file; or NULL */
    struct str mapping; /* "column=field,…" or {"column":"field"}; empty: by key or title.
                         * A column may be "#3"; a blank field leaves it out. */
    enum import_mode mode;
    struct str key; /* field that matches rows for update, upsert */
    bool dry_run;
    int64_t job; /* recorded in history and for undo; 0: none */
    void (*progress)(void *arg, int64_t done, int64_t total); /* rows, after each commit */
    /* Lines of CSV, whole ones, the header first: the rows that failed as they stood in the file,
     * with a last column that says why; such a file can be imported again. NULL: not wanted. */
    int (*failed)(void *arg, struct str lines, struct err *err);
    void *arg;
};

struct import_result {
    int64_t total, created, updated, failed;
    struct diags errors; /* path "row 17: column" */
};

#define IMPORT_HEAD                                                                                \
    (64u << 10) /* bytes of a file in which its first line must end to be checked                  \
                 */

/* Columns, key and rights of a file (or of its first IMPORT_HEAD bytes and more): what import_run
 * would refuse before the first row. */
int import_check(struct ctx *c, const struct import *in, struct err *err) ATTR_MUST;
/* A look at a file: its columns, which field each would be and by what (key, title, alike, before,
 * pinyin), the first rows, the fields there are. `before`: mappings {"column":"field"} of earlier
 * imports, the newest first. */
int import_preview(struct ctx *c, const struct import *in, struct val before, struct json *out,
                   struct err *err) ATTR_MUST;
/* Not inside a write job: it makes its own, of up to 200 rows each. */
int import_run(struct ctx *c, const struct import *in, struct import_result *out,
               struct err *err) ATTR_MUST;

/*
 * A record written by a person (a row of a YAML file): links by title or a unique field, members by
 * login, departments by name become references, in sub-tables too; the rest stays. What is not
 * found is in d.
 */
int import_names(struct ctx *c, const struct form *f, struct val in, struct val *out,
                 struct diags *d, struct err *err) ATTR_MUST;

#endif
