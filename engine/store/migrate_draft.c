/*
 * What members have begun to fill in and not handed in yet.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* record: the one that is edited, 0: a new one; own: kept by hand, else the page's own, one for
     * each record; base: the record's version when it was begun; body: JSON, sealed. */
    STR("CREATE TABLE _draft ("
        "id {int} NOT NULL PRIMARY KEY, member {int} NOT NULL, app {text} NOT NULL,"
        "form {text} NOT NULL, record {int} NOT NULL, own {int} NOT NULL, version {int} NOT NULL,"
        "base {int} NOT NULL, title {text}, body {text} NOT NULL, created_at {int} NOT NULL,"
        "at {int} NOT NULL) {strict}"),
    STR("CREATE INDEX _draft_member ON _draft (member, app, form, record)"),
    /* Uploads that a draft names are not swept up. */
    STR("CREATE TABLE _draft_file ("
        "file {int} NOT NULL, draft {int} NOT NULL, PRIMARY KEY (file, draft)) {strict}"),
    STR("CREATE INDEX _draft_file_draft ON _draft_file (draft)"),
};

const struct migration migrate_draft = {19, STR("drafts"), STEPS, ARRAY_LEN(STEPS)};
