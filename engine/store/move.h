/*
 * Everything of one store into another, whatever their drivers: tables, rows with their ids,
 * indexes. What is made from rows (search indexes) is left out and made again by the engine.
 */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "engine/store/store.h"

struct move {
    struct store *from, *to;
    int64_t now_us;
    /* Told of each table when both sides have been counted and summed; may be NULL. */
    void (*table)(void *arg, struct str name, int64_t rows, uint64_t sum);
    void *arg;
    int64_t tables, rows; /* out */
};

/*
 * Copies in pages, each one transaction together with how far it got, so that a run that was killed
 * goes on where it stopped. The target must be empty, or hold such an unfinished move: ERR_CONFLICT
 * "target_not_empty" else. At the end the rows of every table are counted and summed on both sides;
 * a difference is ERR_STORE "move_differs" (the source was changed between two runs).
 */
int move_run(struct move *m, struct err *err) ATTR_MUST;

/* A copy of any store as a SQLite file that was not there before; checked. */
int move_backup(struct store *from, struct str path, struct err *err) ATTR_MUST;

#endif
