/*
 * What was kept in clear until now, and is sealed by jobs.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* "<key of its content> <name>", sealed; NULL: of before, name and content are in clear. */
    STR("ALTER TABLE _file ADD COLUMN sealed {text}"),
    STR("CREATE INDEX _file_clear ON _file (id) WHERE sealed IS NULL"),
};

static const struct str LATER[] = {
    /* Fields that a publish made sensitive and a job seals. phase: fill (rows are sealed beside the
     * clear column), after (the sealed columns are in place; history follows, the clear one goes).
     */
    STR("CREATE TABLE _sealing ("
        "app {text} NOT NULL, form {text} NOT NULL, sub {text} NOT NULL, name {text} NOT NULL,"
        "phase {text} NOT NULL, last_id {int} NOT NULL DEFAULT 0, done {int} NOT NULL DEFAULT 0,"
        "total {int} NOT NULL DEFAULT 0, PRIMARY KEY (app, form, sub, name)) {strict}"),
};

const struct migration migrate_sealing = {18, STR("sealing"), LATER, ARRAY_LEN(LATER)};
const struct migration migrate_seal = {13, STR("sealed files"), STEPS, ARRAY_LEN(STEPS)};
