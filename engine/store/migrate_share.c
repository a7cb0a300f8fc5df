/*
 * What a shared record shows: the fields its giver saw.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("ALTER TABLE _share ADD COLUMN fields {text} NOT NULL DEFAULT '[]'"),
};

const struct migration migrate_share = {12, STR("shared fields"), STEPS, ARRAY_LEN(STEPS)};
