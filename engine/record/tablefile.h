/*
 * A file of rows as an import reads it, whatever it was: CSV in UTF-8, UTF-16 or GB18030, or .xlsx.
 * It becomes UTF-8 CSV text mapped from disk, so that its size costs no memory.
 */
#ifndef RECORD_TABLEFILE_H
#define RECORD_TABLEFILE_H

#include "engine/base/err.h"

#define TABLEFILE_MAX      ((uint64_t)256 << 20) /* bytes of a file */
#define TABLEFILE_TEXT_MAX ((uint64_t)2 << 30)   /* of its text */

struct tablefile {
    struct str text;          /* UTF-8, no byte order mark; as long as the arena */
    bool by_row;              /* a record is a row of a sheet: lines are counted by records */
    const struct str *sheets; /* of a workbook; NULL: it is none */
    size_t nsheets;
    struct mapping *map;
};

/* temp_dir: for what is converted; nothing stays there. sheet: of a workbook, empty: the first.
 * ERR_INVALID "encoding", "xlsx" …, ERR_TOO_LARGE. */
int tablefile_open(struct arena *a, struct str path, struct str temp_dir, struct str sheet,
                   struct tablefile *out, struct err *err) ATTR_MUST;
/* Its text from `from` on, a piece after the other, none of which stays in memory. */
typedef void tablefile_piece_fn(void *arg, struct str piece);
void tablefile_each(const struct tablefile *t, size_t from, tablefile_piece_fn *fn, void *arg);
/* The first `used` bytes are not needed for now: their memory is given back. */
void tablefile_passed(const struct tablefile *t, size_t used);

#endif
