/*
 * Which search indexes there are, and how far they are filled.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* signature: what is indexed, and how; upto: rows with a greater _id are not in it yet. */
    STR("CREATE TABLE _search ("
        "app {text} NOT NULL, form {text} NOT NULL, signature {text} NOT NULL, upto {int} NOT NULL,"
        "PRIMARY KEY (app, form)) {strict}"),
};

const struct migration migrate_search = {7, STR("search indexes"), STEPS, ARRAY_LEN(STEPS)};
