/*
 * What averages are made of.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* Values and their sum, in units of the column's scale, below one record. A row is there once a
     * change came by delta; without it the rows below are asked. */
    STR("CREATE TABLE _rollup ("
        "app {text} NOT NULL, form {text} NOT NULL, field {text} NOT NULL, record {int} NOT NULL,"
        "n {int} NOT NULL, total {int} NOT NULL, PRIMARY KEY (app, form, field, record)) {strict}"),
};

const struct migration migrate_rollup = {9, STR("averages"), STEPS, ARRAY_LEN(STEPS)};
