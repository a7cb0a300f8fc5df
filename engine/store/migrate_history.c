/*
 * What reading back needs: history by form and time.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("CREATE INDEX _history_form ON _history (app, form, at)"),
};

const struct migration migrate_history = {5, STR("history by time"), STEPS, ARRAY_LEN(STEPS)};
