/*
 * Print templates: prints/<form>.<key>.html of the app, filled with records as their reader may see
 * them. {{expr}} is escaped; {{#each items}} … {{/each}} repeats for the rows of a sub-table.
 */
#ifndef RECORD_PRINT_H
#define RECORD_PRINT_H

#include "engine/org/ctx.h"

#define PRINT_RECORDS_MAX 200

struct print {
    const struct form *form;
    struct str key;
    const int64_t *ids; /* in this order */
    size_t nids;
};

/* ERR_NOT_FOUND: no such template, or an invisible record among them; ERR_DENIED without the right
 * `print` on one of them. Appends an HTML page. */
int print_html(struct ctx *c, const struct print *p, struct strb *out, struct err *err) ATTR_MUST;
/* Keys and titles (<title> of the page) of a form's templates, in c->a. */
struct print_name {
    struct str key, title;
};
/* print_sheet.c: the template of a form with a flow that has none named "approval": what the reader
 * may see of its fields, and the decisions. */
struct access;
struct str print_sheet(struct ctx *c, const struct access *x, const struct form *f);
size_t print_names(struct ctx *c, const struct form *f, struct print_name **out);

#endif
