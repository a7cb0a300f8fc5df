/*
 * The key tables of every definition file, as shapes (node.h). One place says which keys there are,
 * what they hold and what they mean; checks, JSON Schema, manual and designer are made from it.
 */
#ifndef META_KEYS_H
#define META_KEYS_H

#include "engine/meta/node.h"

/* small ones */
extern const struct shape shape_any, shape_text, shape_key, shape_bool, shape_expr, shape_value,
    shape_count, shape_num, shape_duration;
extern const struct shape shape_texts; /* a text or a list of them */
extern const struct shape shape_keys;  /* a list of texts */
extern const struct shape shape_set;   /* field: value */
extern const struct shape shape_assignees;
extern const struct shape shape_rights; /* field: hidden masked read write */

extern const struct shape shape_field, shape_fields, shape_setting;
extern const struct shape shape_flow;
extern const struct shape shape_automations;

/* files */
extern const struct shape shape_form, shape_app, shape_dashboard, shape_monitors, shape_i18n,
    shape_people;

#define ROW(name, shape, flags, zh, en)                                                            \
    {                                                                                              \
        (name), &(shape), (flags), (zh), (en)                                                      \
    }
#define ROW_END                                                                                    \
    {                                                                                              \
        NULL, NULL, 0, NULL, NULL                                                                  \
    }

extern const char *const color_words[]; /* option colours */

#endif
