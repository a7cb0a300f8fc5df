/*
 * What a person may ask for (access, export, correct, erase): which rows are about him, and how he
 * is forgotten.
 */
#ifndef RECORD_PRIVACY_H
#define RECORD_PRIVACY_H

#include "engine/record/record.h"

/* {"records":[{app, form, record}]}: the person's own record and those whose link to it names whose
 * data they hold, as the caller may read them. 1, 0 absent or invisible, -1. */
int privacy_collect(struct ctx *c, const struct form *f, int64_t id, struct json *out,
                    struct err *err) ATTR_MUST;

/* Items of a list {app, form, form_title, record, title, field}: the persons of the app to whom the
 * text belongs, exactly, in a sensitive field (its title says which). Without rights: titles leave
 * out what is sensitive. */
int privacy_find(struct ctx *c, const struct app *app, struct str text, struct json *out,
                 struct err *err) ATTR_MUST;

struct privacy_erased {
    int64_t keys;  /* destroyed */
    int64_t rows;  /* emptied */
    int64_t files; /* that nobody can read any more */
};
/* In a write job: destroys the person's data keys (history and backups read blank from then on) and
 * empties the sealed fields of the rows that are about him. After the commit: vault_ledger(). */
int privacy_erase(struct ctx *c, const struct form *f, int64_t id, struct privacy_erased *out,
                  struct err *err) ATTR_MUST;

#endif
