/*
 * Comments that were edited, and views that members keep.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* JSON [{at, text}], oldest first: what stood there before each edit */
    STR("ALTER TABLE _comment ADD COLUMN earlier {json}"),

    /* def: JSON {filter, columns, sort, search}; shared: JSON list of role keys of the app. */
    STR("CREATE TABLE _saved_view ("
        "id {id}, app {text} NOT NULL, form {text} NOT NULL, member {int} NOT NULL,"
        "title {text} NOT NULL, def {json} NOT NULL, shared {json} NOT NULL,"
        "created_at {int} NOT NULL, updated_at {int} NOT NULL) {strict}"),
    STR("CREATE INDEX _saved_view_form ON _saved_view (app, form, member)"),
};

const struct migration migrate_talk = {11, STR("comments and views"), STEPS, ARRAY_LEN(STEPS)};
