/*
 * What was kept in clear until now, and is sealed by jobs.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* "<key of its content> <name>", sealed; NULL: of before, name and content are in clear. */
    STR("ALTER TABLE _file ADD COLUMN sealed {text}"),
    STR("CREATE INDEX _file_clear ON _file (id) WHERE sealed IS NULL"),
};

const struct migration migrate_seal = {13, STR("sealed files"), STEPS, ARRAY_LEN(STEPS)};
