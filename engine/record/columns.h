/*
 * What stands beside a form's own columns in its table; schema.c makes it, the write path fills it.
 */
#ifndef RECORD_COLUMNS_H
#define RECORD_COLUMNS_H

#include "engine/meta/fieldtype.h"

/* A field that is unique, alone or as part of a key, and compares folded (FT_FOLD) has a second
 * TEXT column "<field>__key" with fieldtype.fold() of its value, NULL when blank. The unique index
 * of a key stands over the __key columns where there are some, else over the columns themselves,
 * live rows only; a NULL member never compares. */
bool field_has_key(const struct field *f);
struct str field_key_name(struct arena *a, const struct field *f);
/* An encrypted field has a TEXT column "<field>__eq" with a keyed hash of its value (sealed.h); its
 * __key column holds a keyed hash too. */
bool field_has_eq(const struct field *f);
/* While a field is being sealed (record/sealing.h): where what is sealed waits, "_s_<field>". */
struct str field_shadow_name(struct arena *a, const struct field *f, const char *suffix);
/* It is unique, alone or in a key. */
bool field_in_key(const struct field *f);
struct str field_eq_name(struct arena *a, const struct field *f);
/* The member of a unique index for this field: its __key column, else its own. */
struct str field_unique_column(struct arena *a, const struct field *f);

#endif
