/*
 * Columns that a publish to come has copied already, beside those that still run.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* stored_as: the column in the table, made of `source`; t: a number for its table, by which
     * _stage_dirty names the rows written meanwhile. Rows with _id <= last_id are copied. */
    STR("CREATE TABLE _stage ("
        "app {text} NOT NULL, form {text} NOT NULL, sub {text} NOT NULL, name {text} NOT NULL,"
        "stored_as {text} NOT NULL, source {text} NOT NULL, t {int} NOT NULL, job {int} NOT NULL,"
        "pos {int} NOT NULL, last_id {int}, finished {int} NOT NULL DEFAULT 0,"
        "done {int} NOT NULL DEFAULT 0, total {int} NOT NULL DEFAULT 0,"
        "PRIMARY KEY (app, form, sub, name)) {strict}"),
    STR("CREATE TABLE _stage_dirty ("
        "t {int} NOT NULL, id {int} NOT NULL, PRIMARY KEY (t, id)) {strict}"),
};

const struct migration migrate_stage = {17, STR("staged columns"), STEPS, ARRAY_LEN(STEPS)};
