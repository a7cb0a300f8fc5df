/*
 * The JSON Schema (2020-12) of all definition files, printed from the key tables that check them.
 */
#ifndef META_SCHEMA_H
#define META_SCHEMA_H

#include "engine/base/strb.h"

/* One schema; its $defs hold a schema per file kind (form, app, dashboard, monitors, i18n, people),
 * and the root tells them apart by their keys. `x-zh` beside `description` is the Chinese help. */
void schema_print(struct strb *out);

#endif
