/*
 * Rows of an import that failed, as they stood in the file, in parts; sealed.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("CREATE TABLE _job_part (job {int} NOT NULL, n {int} NOT NULL, text {text} NOT NULL,"
        " PRIMARY KEY (job, n)) {strict}"),
    STR("CREATE INDEX _job_import ON _job (created_by, id) WHERE kind = 'import'"),
};

const struct migration migrate_import = {15, STR("rows of imports"), STEPS, ARRAY_LEN(STEPS)};
