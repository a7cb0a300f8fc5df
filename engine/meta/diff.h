/*
 * Two versions of an app to a list of changes in words, with what each does to data.
 */
#ifndef META_DIFF_H
#define META_DIFF_H

#include "engine/meta/app.h"

enum change_kind { CHANGE_SAFE, CHANGE_CONFIRM, CHANGE_DESTRUCTIVE, CHANGE_BLOCKED };
enum change_what {
    CHANGE_FORM_ADDED,
    CHANGE_FORM_REMOVED,
    CHANGE_FIELD_ADDED,
    CHANGE_FIELD_REMOVED,
    CHANGE_FIELD_RENAMED,
    CHANGE_FIELD_TYPE,
    CHANGE_FIELD_SCALE,
    CHANGE_FIELD_REQUIRED,
    CHANGE_FIELD_UNIQUE,
    CHANGE_OPTION_REMOVED,
    CHANGE_COMPUTED,
    CHANGE_RIGHTS,
    CHANGE_PRIVILEGE,
    CHANGE_FLOW,
    CHANGE_FILE,
    CHANGE_FORM_RENAMED,
    CHANGE_OPTION_ADDED, /* options, titles, rules: what touches no row */
    CHANGE_FIELD_RULES
};

#define CHANGE_EXAMPLES 20

struct change {
    enum change_kind kind;
    enum change_what what;
    struct form *old_form, *new_form; /* sub-tables too */
    struct field *old_field, *new_field;
    struct str path;         /* "forms/lead.yaml: fields.phone" */
    struct str zh, en;       /* a sentence */
    int64_t rows;            /* that would be touched or lost; -1 unknown (schema_plan counts) */
    const int64_t *examples; /* records of them, the first CHANGE_EXAMPLES */
    size_t nexamples;
};

struct changes {
    struct change *v;
    size_t n;
};

/* old may be NULL (first publish). In `a`. */
struct changes app_diff(struct arena *a, const struct app *old, const struct app *new_);

/* Before the two: where old renamed b to c and new_ has b again, b gets `was: c`. */
void app_renames_back(const struct app *old, struct app *new_);

#endif
