/*
 * Views that members keep for themselves on a form, and share with roles when they hold `share`.
 * What a view says is a request's: it is read with the rights of the one who opens it.
 */
#ifndef RECORD_SAVED_VIEW_H
#define RECORD_SAVED_VIEW_H

#include "engine/org/ctx.h"
#include "engine/value/json.h"

struct saved_view {
    const struct form *form;
    bool fresh; /* put: a new one, which is given its id */
    int64_t id;
    struct str title;  /* 1 … 80 characters */
    struct val def;    /* {view, filter, columns:[key], sort, search, type}; absent members: none */
    struct val shared; /* VAL_LIST of role keys; blank: one's own alone */
};

/* {"views":[{id, title, mine, by, shared, filter, columns, sort, search, type, broken}],
 * share_with:[{key, title}]}: one's own and those shared with one's roles. Columns one may not see
 * are left out; a filter or sort over them makes the view `broken`, and is left out too. */
int saved_view_list(struct ctx *c, const struct form *f, struct json *out,
                    struct err *err) ATTR_MUST;
/* One of them. */
int saved_view_json(struct ctx *c, const struct saved_view *v, struct json *out,
                    struct err *err) ATTR_MUST;
/* Inside a write job. Only one's own is changed or deleted: ERR_NOT_FOUND. */
int saved_view_put(struct ctx *c, struct saved_view *v, struct err *err) ATTR_MUST;
int saved_view_delete(struct ctx *c, const struct saved_view *v, struct err *err) ATTR_MUST;

#endif
