/*
 * What scripts keep between events (engine/script/lua_cache.c).
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("CREATE TABLE _cache ("
        "app {text} NOT NULL, key {text} NOT NULL, value {json} NOT NULL, until {int} NOT NULL,"
        "PRIMARY KEY (app, key)) {strict}"),
};

const struct migration migrate_cache = {14, STR("what scripts keep"), STEPS, ARRAY_LEN(STEPS)};
