/*
 * Which content is still named by a file; records merged into others, so that it can be undone.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("CREATE INDEX _file_stored ON _file (stored_as)"),

    /* moved: JSON, what went from `gone` to `survivor`; undone_at NULL: it can be undone. */
    STR("CREATE TABLE _merge ("
        "id {id}, app {text} NOT NULL, form {text} NOT NULL, survivor {int} NOT NULL,"
        "gone {int} NOT NULL, at {int} NOT NULL, who {int}, moved {json} NOT NULL,"
        "undone_at {int}) {strict}"),
    STR("CREATE INDEX _merge_survivor ON _merge (survivor)"),
    STR("CREATE INDEX _merge_gone ON _merge (gone)"),
};

const struct migration migrate_files = {8, STR("files in use, merges"), STEPS, ARRAY_LEN(STEPS)};
