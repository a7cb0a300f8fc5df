/*
 * What the refs of a record point to: the row exists, the writer may read it, the link's filter
 * lets it be chosen; members and departments are there. Only what changed is tested. Fills in the
 * titles.
 */
#include "engine/record/write_int.h"

#include "engine/meta/people_app.h"
#include "engine/org/member.h"

static void no_target(struct wr *w, const struct field *f)
{
    diag_field(w->diags, f->key, "link", "“%.*s”所选的记录不存在，或您无权选择。",
               "What “%.*s” points to does not exist, or you may not choose it.",
               STR_ARG(f->title));
}

/* 1 readable by the writer, 0, -1. What hooks, defaults and the engine itself set need only exist.
 */
static int readable(struct wr *w, const struct form *target, int64_t id, struct str *title,
                    struct err *err)
{
    const struct rec *row;
    int found = rcache_row(w->c, target, id, &row, err);
    if (found <= 0)
        return found;
    *title = val_str(*rec_sys(row, SYS_TITLE));
    if (!w->chosen)
        return 1;
    struct access *x;
    if (access_of(w->c, target, &x, err))
        return -1;
    return access_full(x, RIGHT_READ) ? 1 : access_row(x, row, RIGHT_READ, err);
}

static int filter_lets(struct wr *w, const struct field *f, const struct rec *r,
                       const struct rec *parent, int64_t id, struct err *err)
{
    const struct rec *row;
    struct row_env e;
    if (!f->filter || !w->chosen)
        return 1;
    int found = rcache_row(w->c, f->target, id, &row, err);
    if (found <= 0)
        return found;
    row_env_init(&e, w->c, row, err);
    e.this_ = r;
    e.parent = parent;
    bool yes = fx_true(f->filter, &e.fx);
    return row_env_end(&e, err) ? -1 : yes;
}

/* Members and departments: there, and none that the writer may not see. What stood there before is
 * not asked about. */
static int person(struct wr *w, const struct field *f, int64_t id, struct str *title,
                  struct err *err)
{
    int seen = 1;
    if (people_is(w->f->app) && id == w->rec.id) {
        *title = val_str(rec_get(&w->rec, STR("name"))); /* himself, perhaps not there yet */
        return 1;
    }
    if (w->chosen && ref_kind_of(f) == REF_MEMBER)
        seen = member_visible(w->c, id, err);
    else if (w->chosen && ref_kind_of(f) == REF_DEPT)
        seen = department_visible(w->c, id, err);
    return seen == 1 ? ref_title(w->c, f, id, title, err) : seen;
}

static int check_ref(struct wr *w, const struct field *f, const struct rec *r,
                     const struct rec *parent, struct val *v, struct err *err)
{
    struct str title = STR_NONE;
    int64_t id = v->ref->id;
    int found;
    if (f->target)
        found = readable(w, f->target, id, &title, err);
    else
        found = person(w, f, id, &title, err);
    if (found < 0)
        return -1;
    if (!found) {
        no_target(w, f);
        return 0;
    }
    if (ref_kind_of(f) != REF_NONE)
        *v = val_ref(w->c->a, id, title);
    int lets = filter_lets(w, f, r, parent, id, err);
    if (lets == 0)
        diag_field(w->diags, f->key, "filter", "“%.*s”不能选这条记录。",
                   "This record cannot be chosen for “%.*s”.", STR_ARG(f->title));
    return lets < 0 ? -1 : 0;
}

static bool had(const struct val *was, int64_t id)
{
    if (!was)
        return false;
    if (was->kind == VAL_REF)
        return was->ref->id == id;
    for (uint32_t i = 0; was->kind == VAL_LIST && i < was->n; i++)
        if (was->list[i].kind == VAL_REF && was->list[i].ref->id == id)
            return true;
    return false;
}

static int check_list(struct wr *w, const struct field *f, const struct rec *r,
                      const struct rec *parent, const struct val *was, struct err *err)
{
    struct val *v = &r->v[f->slot];
    struct val *items = ARENA_ARRAY(w->c->a, struct val, v->n);
    memcpy(items, v->list, v->n * sizeof(*items));
    for (uint32_t i = 0; i < v->n; i++)
        if (items[i].kind == VAL_REF && !had(was, items[i].ref->id) &&
            check_ref(w, f, r, parent, &items[i], err))
            return -1;
    v->list = items;
    return 0;
}

static int check_row(struct wr *w, const struct rec *r, const struct rec *parent,
                     const struct rec *old, struct err *err)
{
    const struct form *form = r->form;
    size_t slots = form->parent ? form->nfields : form->nslots;
    for (size_t i = 0; i < slots; i++) {
        const struct field *f = rec_field_at(form, i);
        struct val *v = &r->v[i];
        const struct val *was = old ? &old->v[i] : NULL;
        if (f->sub || (f->type->flags & FT_COMPUTED))
            continue;
        int rc = 0;
        w->chosen = w->by_user && w->given[parent ? form->parent_field->slot : i];
        if (v->kind == VAL_REF && !(had(was, v->ref->id) && was->kind == VAL_REF))
            rc = check_ref(w, f, r, parent, v, err);
        else if (v->kind == VAL_LIST && (ref_kind_of(f) != REF_NONE))
            rc = check_list(w, f, r, parent, was, err);
        if (rc)
            return -1;
    }
    return 0;
}

static const struct rec *old_row(const struct wr *w, size_t slot, int64_t id)
{
    const struct rec_rows *rows = w->has_old && w->old.rows ? &w->old.rows[slot] : NULL;
    for (size_t i = 0; rows && i < rows->n; i++)
        if (rows->v[i].id == id)
            return &rows->v[i];
    return NULL;
}

int wr_links(struct wr *w, struct err *err)
{
    struct str prefix = w->diags->prefix;
    int rc = check_row(w, &w->rec, NULL, w->has_old ? &w->old : NULL, err);
    for (size_t i = 0; rc == 0 && w->rec.rows && i < w->f->nfields; i++) {
        struct rec_rows *rows = &w->rec.rows[i];
        for (size_t k = 0; rc == 0 && k < rows->n; k++) {
            w->diags->prefix = str_fmt(w->c->a, "%.*s%s%.*s[%zu]", STR_ARG(prefix),
                                       prefix.n ? "." : "", STR_ARG(w->f->fields[i]->key), k);
            rc = check_row(w, &rows->v[k], &w->rec, old_row(w, i, rows->v[k].id), err);
        }
    }
    w->diags->prefix = prefix;
    return rc;
}
