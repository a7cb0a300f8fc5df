/*
 * The one write path: a record's change as a row of short steps. Each step is a function of the
 * write (struct wr); what a step needs to know stands in its own file. Everything runs inside a
 * write job; a failure is rolled back by the caller's savepoint.
 */
#include "engine/record/write_int.h"
#include "engine/meta/people_app.h"
#include "engine/org/member.h"

/* ---- errors ---- */

int not_found(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "not_found", "记录不存在，或您无权查看。",
                   "The record does not exist, or you may not see it.");
}

int denied(struct err *err)
{
    return err_set(err, ERR_DENIED, "denied", "您没有执行此操作的权限。",
                   "You have no right to do this.");
}

/* A refusal outweighs a conflict, a conflict what is merely wrong. */
int wr_fail(struct wr *w, struct err *err)
{
    const struct diag *worst = NULL;
    for (size_t i = 0; i < w->diags->list.n; i++) {
        const struct diag *d = &w->diags->list.v[i];
        if (d->level != DIAG_ERROR || i < w->errors)
            continue;
        if (!worst || d->code == ERR_DENIED ||
            (d->code == ERR_CONFLICT && worst->code != ERR_DENIED))
            worst = d;
    }
    if (worst && worst->code == ERR_DENIED)
        return err_set(err, ERR_DENIED, "read_only", "有的字段您无权修改。",
                       "Some fields may not be changed by you.");
    if (worst && worst->code == ERR_CONFLICT)
        return err_set(err, ERR_CONFLICT, str_z(w->c->a, worst->key),
                       "与已有的数据冲突，请按提示修改。", "This conflicts with what is stored.");
    return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                   "Some of the input is not valid.");
}

/* ---- the row before, and the rights on it ---- */

static int load_old(struct wr *w, struct err *err)
{
    enum rec_where where = w->w->op == REC_RESTORE ? REC_BIN : REC_LIVE;
    const struct rec_key key = {w->f, w->w->id, where};
    const struct rec_seen seen = {.rights = RIGHT_READ | w->right};
    int found = w->by_user ? record_load_seen(w->x, &key, &seen, &w->old, err)
                           : record_load(w->c, w->f, w->w->id, where, &w->old, err);
    if (found == 0)
        return not_found(err);
    w->has_old = true;
    return found < 0 ? -1 : 0;
}

static bool is_draft(const struct rec *r)
{
    return str_eqz(val_str(*rec_sys(r, SYS_STATE)), "draft");
}

/* A change of owner or department alone asks for transfer, not for update. */
static bool only_transfers(const struct wr *w)
{
    struct val body = w->w->values;
    bool person = false;
    for (uint32_t i = 0; body.kind == VAL_OBJ && i < body.n; i++) {
        struct str key = body.obj[i].key;
        if (str_eqz(key, "_owner") || str_eqz(key, "_dept"))
            person = true;
        else if (!str_eqz(key, "_version"))
            return false;
    }
    return person;
}

static unsigned needed_right(const struct wr *w)
{
    switch (w->w->op) {
    case REC_CREATE: return RIGHT_CREATE;
    case REC_UPDATE: return only_transfers(w) ? RIGHT_TRANSFER : RIGHT_UPDATE;
    case REC_DELETE: return RIGHT_DELETE;
    case REC_RESTORE: break;
    }
    return RIGHT_RESTORE;
}

/* A draft is its author's own; whoever may create may go on with it and throw it away. */
static int draft_right(struct wr *w, struct err *err)
{
    if (!w->has_old || !is_draft(&w->old) || !w->c->who->id)
        return 0;
    struct val by = *rec_sys(&w->old, SYS_CREATED_BY);
    if (by.kind != VAL_REF || by.ref->id != w->c->who->id)
        return 0;
    w->right = RIGHT_CREATE;
    return access_row_held(w->x, &w->old, RIGHT_CREATE, &w->held, err) ? -1 : 1;
}

/* Visible at all: for read, for the right itself, or by a task. */
static int may_see(struct wr *w, struct err *err)
{
    int yes = access_row(w->x, &w->old, RIGHT_READ | w->right, err);
    return yes < 0 ? -1 : yes;
}

/* What another grant lets him read on this row is there for him: unchanged it may come back with
 * the body, changed it is 403 and not an unknown key. */
static int shown_too(struct wr *w, struct err *err)
{
    uint8_t *read = ARENA_ARRAY(w->c->a, uint8_t, w->f->nslots);
    if (access_row_held(w->x, &w->old, RIGHT_READ, &w->seen, err))
        return -1;
    access_held_fields(w->x, w->seen, read);
    for (size_t s = 0; s < w->f->nslots; s++)
        w->rights[s] = MAX(w->rights[s], MIN(read[s], (uint8_t)FIELD_READ));
    return 0;
}

static int rights_before(struct wr *w, struct err *err)
{
    if (!w->by_user && w->w->node_fields && w->has_old &&
        access_row_held(w->x, &w->old, RIGHT_READ, &w->seen, err))
        return -1;
    if (!w->by_user) {
        access_held_fields(w->x, w->seen, w->rights);
        return 0;
    }
    if (w->w->op == REC_CREATE) {
        if (access_none(w->x))
            return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个表单。",
                           "There is no such form.");
        if (!(access_rights(w->x) & RIGHT_CREATE))
            return denied(err);
    } else {
        int draft = draft_right(w, err);
        if (draft) {
            access_held_fields(w->x, w->held, w->rights);
            return draft < 0 ? -1 : 0;
        }
        int seen = may_see(w, err);
        if (seen <= 0)
            return seen < 0 ? -1 : not_found(err);
    }
    if (access_row_held(w->x, w->has_old ? &w->old : NULL, w->right, &w->held, err))
        return -1;
    if (!w->held)
        return denied(err);
    access_held_fields(w->x, w->held, w->rights);
    return w->has_old && w->x->n > 1 ? shown_too(w, err) : 0;
}

static int lock(struct wr *w, struct err *err)
{
    const struct rec_hooks *h = engine_hooks(w->c->engine);
    if (!w->has_old || (w->w->mode & WRITE_LOCKED_OK) || !h->lock)
        return 0;
    return h->lock(w->c, &w->old, err);
}

static int begin(struct wr *w, struct err *err)
{
    struct arena *a = w->c->a;
    w->rights = ARENA_ARRAY(a, uint8_t, w->f->nslots);
    w->given = ARENA_ARRAY(a, bool, w->f->nslots);
    w->hidden = ARENA_ARRAY(a, bool, w->f->nslots);
    w->computed = ARENA_ARRAY(a, struct val, w->f->nslots);
    for (size_t i = 0; i < w->f->nslots; i++)
        w->computed[i].kind = VAL_ABSENT;
    w->right = needed_right(w);
    if (w->f->append_only && w->w->op != REC_CREATE && w->w->op != REC_RESTORE)
        return err_set(err, ERR_DENIED, "append_only", "这些记录只能新增，不能修改或删除。",
                       "These records can only be added, never changed or deleted.");
    if (w->w->draft && !w->f->flow)
        return err_set(err, ERR_INVALID, "no_draft", "只有带流程的表单才能存草稿。",
                       "Only a form with a flow keeps drafts.");
    if (w->w->op != REC_CREATE && load_old(w, err))
        return -1;
    return rights_before(w, err) || lock(w, err) ? -1 : 0;
}

/* ---- the row as it will be ---- */

static struct val id_val(struct arena *a, int64_t id)
{
    char buf[16];
    return val_text(str_dup(a, id_print(id, buf)));
}

static struct val member_val(const struct ctx *c)
{
    return c->who->id ? val_ref(c->a, c->who->id, c->who->name) : VAL_NONE;
}

static void new_row(struct wr *w)
{
    struct ctx *c = w->c;
    rec_init(c->a, w->f, &w->rec);
    w->rec.id = w->w->id ? w->w->id : id_next(c->ids, c->now_us);
    w->rec.version = 1;
    for (enum sys_field s = SYS_ID; s < SYS_COUNT; s++)
        *rec_sys(&w->rec, s) = VAL_NONE;
    *rec_sys(&w->rec, SYS_ID) = id_val(c->a, w->rec.id);
    *rec_sys(&w->rec, SYS_VERSION) = val_num(1);
    *rec_sys(&w->rec, SYS_OWNER) = member_val(c);
    if (c->who->ndepts)
        *rec_sys(&w->rec, SYS_DEPT) = val_ref(c->a, c->who->depts[0], STR_NONE);
    *rec_sys(&w->rec, SYS_CREATED_AT) = val_instant(c->now_us);
    *rec_sys(&w->rec, SYS_CREATED_BY) = member_val(c);
    *rec_sys(&w->rec, SYS_UPDATED_AT) = val_instant(c->now_us);
    *rec_sys(&w->rec, SYS_UPDATED_BY) = member_val(c);
    w->draft = w->w->draft;
    if (w->draft)
        *rec_sys(&w->rec, SYS_STATE) = val_text(STR("draft"));
}

static void next_row(struct wr *w)
{
    w->rec = rec_copy(w->c->a, &w->old);
    w->rec.version = w->old.version + 1;
    *rec_sys(&w->rec, SYS_VERSION) = val_num((double)w->rec.version);
    *rec_sys(&w->rec, SYS_UPDATED_AT) = val_instant(w->c->now_us);
    *rec_sys(&w->rec, SYS_UPDATED_BY) = member_val(w->c);
    w->draft = is_draft(&w->old) && !w->w->submit;
    if (w->w->submit && is_draft(&w->old))
        *rec_sys(&w->rec, SYS_STATE) = VAL_NONE;
}

/* What is still absent is blank. */
static void settle(struct rec *r)
{
    for (size_t i = 0; i < r->form->nslots; i++) {
        const struct field *f = rec_field_at(r->form, i);
        bool later = field_by_expr(f);
        if (r->v[i].kind == VAL_ABSENT && !later)
            r->v[i] = VAL_NONE;
    }
    for (size_t i = 0; r->rows && i < r->form->nfields; i++)
        for (size_t k = 0; k < r->rows[i].n; k++)
            settle(&r->rows[i].v[k]);
}

/* By a script, or by the engine itself: members and departments. */
static bool hooked(const struct form *f)
{
    return f->hooks.n || people_is(f->app);
}

static int before_hook(struct wr *w, struct err *err)
{
    const struct rec_hooks *h = engine_hooks(w->c->engine);
    if (!h->before || !hooked(w->f))
        return 0;
    if (!wr_ok(w))
        return 0; /* refused already: no script runs, what else is wrong is still collected */
    /* The script sees blanks as nil; computed values of a new row are not known yet. */
    if (h->before(w->c, w->w->op, &w->rec, w->has_old ? &w->old : NULL, w->diags, err))
        return -1;
    return wr_ok(w) ? 0 : wr_fail(w, err);
}

static int compute(struct wr *w, struct err *err)
{
    bool changed = false;
    const struct rec *old = w->has_old ? &w->old : NULL;
    if (compute_row(w->c, &w->rec, old, err) || wr_visible(w, &changed, err))
        return -1;
    return changed ? compute_row(w->c, &w->rec, old, err) : 0;
}

/* Values of computed fields in a body are never stored; one that is neither the new nor the old
 * value was meant as a change. */
static void refuse_computed(struct wr *w)
{
    for (size_t i = 0; i < w->f->nfields; i++) {
        struct val said = w->computed[i];
        if (said.kind == VAL_ABSENT || val_same(said, w->rec.v[i]) ||
            (w->has_old && val_same(said, w->old.v[i])))
            continue;
        const struct field *f = w->f->fields[i];
        diag_field(w->diags, f->key, "read_only", "“%.*s”由系统计算，不能填写。",
                   "“%.*s” is computed and cannot be written.", STR_ARG(f->title))
            ->code = ERR_DENIED;
    }
}

static int validate(struct wr *w, struct err *err)
{
    refuse_computed(w);
    wr_append_only(w);
    bool back = (w->w->mode & WRITE_BACK) == WRITE_BACK;
    if (!w->draft && (wr_validate(w, err) || (!back && wr_transitions(w, err))))
        return -1;
    return wr_ok(w) ? 0 : wr_fail(w, err);
}

/* The row after the write satisfies `restrict`, and `ensure` of a grant that gives the operation.
 */
static int rights_after(struct wr *w, struct err *err)
{
    int yes = w->by_user ? access_ensure(w->x, &w->rec, w->right, err)
                         : access_restrict(w->c, &w->rec, err);
    if (yes == 1 && w->transfers)
        yes = access_ensure(w->x, &w->rec, RIGHT_TRANSFER, err);
    if (yes == 1)
        return 0;
    return yes < 0 ? -1
                   : err_set(err, ERR_DENIED, "ensure", "改动后的记录超出了您的权限范围。",
                             "After this change the record would be outside of your rights.");
}

static int finish_values(struct wr *w, struct err *err)
{
    struct str title;
    bool numbered = !w->draft && (!w->has_old || w->w->submit);
    if (numbered && serial_take(w->c, &w->rec, err))
        return -1;
    if (title_compute(w->c, &w->rec, &title, err))
        return -1;
    *rec_sys(&w->rec, SYS_TITLE) = val_text(title);
    return 0;
}

/* A change that changes nothing is no version, no history and no event. */
static int unchanged(struct wr *w, struct err *err)
{
    (void)err;
    w->nothing = w->has_old && !rows_differ(&w->rec, &w->old);
    if (w->nothing)
        w->rec = w->old;
    return 0;
}

static int store_row(struct wr *w, struct err *err)
{
    int rc =
        w->has_old ? rows_update(w->c, &w->rec, &w->old, err) : rows_insert(w->c, &w->rec, err);
    rcache_forget(w->c);
    if (str_eq(w->f->app->key, PEOPLE_APP))
        rcache_forget_names(w->c);
    return rc ? rows_duplicate(w, err) : 0;
}

static int after_hook(struct wr *w, struct err *err)
{
    const struct rec_hooks *h = engine_hooks(w->c->engine);
    if (!h->after || !hooked(w->f))
        return 0;
    int ran = h->after(w->c, w->w->op, &w->rec, w->has_old ? &w->old : NULL, err);
    w->hook_ran = ran == 1;
    return ran < 0 ? -1 : 0;
}

static int submitted(struct wr *w, struct err *err)
{
    const struct rec_hooks *h = engine_hooks(w->c->engine);
    bool starts = !w->draft && (!w->has_old || (w->w->submit && is_draft(&w->old)));
    if (!w->f->flow || !h->submitted || !starts)
        return 0;
    /* A first row that says where its approval ended (the system alone may) does not begin one. */
    if (!w->has_old && !val_is_blank(*rec_sys(&w->rec, SYS_STATE)))
        return 0;
    return h->submitted(w->c, &w->rec, err);
}

/* Hooks, the flow and automations may have written the row again. */
static int reread(struct wr *w, struct err *err)
{
    if (!w->hook_ran && !w->f->flow && !w->f->nautomations)
        return 0;
    int found = record_load(w->c, w->f, w->rec.id, REC_LIVE, &w->rec, err);
    return found == 1 ? 0 : found < 0 ? -1 : not_found(err);
}

static int automations(struct wr *w, struct err *err)
{
    const struct rec_hooks *h = engine_hooks(w->c->engine);
    bool was_draft = w->has_old && is_draft(&w->old);
    if (!h->event || w->draft || (was_draft && !w->w->submit))
        return 0;
    const struct rec_event ev = {.op = w->w->op,
                                 .rec = w->w->op == REC_DELETE ? &w->old : &w->rec,
                                 .old = w->w->op == REC_UPDATE ? &w->old : NULL,
                                 .submitted = was_draft};
    return h->event(w->c, &ev, err);
}

static int published(struct wr *w, struct err *err)
{
    static const struct str ops[] = {[REC_CREATE] = STR("create"),
                                     [REC_UPDATE] = STR("update"),
                                     [REC_DELETE] = STR("delete"),
                                     [REC_RESTORE] = STR("restore")};
    (void)err;
    ctx_event(w->c, w->f->app->key, w->f->key, w->rec.id, w->rec.version, ops[w->w->op]);
    return 0;
}

static int prepare_row(struct wr *w, struct err *err)
{
    if (w->has_old)
        next_row(w);
    else
        new_row(w);
    return wr_version(w, err);
}

static int literal_defaults(struct wr *w, struct err *err)
{
    int rc = wr_defaults(w, DEFAULT_LITERALS, err);
    return rc;
}

static int all_defaults(struct wr *w, struct err *err)
{
    if (wr_defaults(w, DEFAULT_ALL, err))
        return -1;
    settle(&w->rec);
    return 0;
}

static int history(struct wr *w, struct err *err)
{
    return history_add(w->c, w->w->op, &w->rec, w->has_old ? &w->old : NULL, err);
}

static int dependents(struct wr *w, struct err *err)
{
    return compute_dependents(w->c, w->w->op, &w->rec, w->has_old ? &w->old : NULL, err);
}

/* ---- the steps ---- */

typedef int wr_step(struct wr *w, struct err *err);

static int run(struct wr *w, wr_step *const *steps, struct err *err)
{
    for (; *steps && !w->nothing; steps++)
        if ((*steps)(w, err))
            return -1;
    return 0;
}

static wr_step *const write_steps[] = {
    begin,       prepare_row,    wr_decode,     wr_conflicts, wr_fill,   literal_defaults,
    before_hook, all_defaults,   wr_log,        wr_links,     wr_files,  compute,
    validate,    rights_after,   finish_values, unchanged,    store_row, history,
    dependents,  wr_claim_files, after_hook,    submitted,    reread,    automations,
    reread,      published,      NULL,
};

static wr_step *const delete_steps[] = {begin,      prepare_row, before_hook, wr_delete, history,
                                        dependents, after_hook,  automations, published, NULL};

static wr_step *const restore_steps[] = {begin,      prepare_row, before_hook, wr_restore, history,
                                         dependents, after_hook,  automations, published,  NULL};

int record_write(struct ctx *c, const struct rec_write *w, struct rec *out, struct diags *diags,
                 struct err *err)
{
    static wr_step *const *const by_op[] = {[REC_CREATE] = write_steps,
                                            [REC_UPDATE] = write_steps,
                                            [REC_DELETE] = delete_steps,
                                            [REC_RESTORE] = restore_steps};
    struct wr wr = {.c = c, .w = w, .f = w->form, .diags = diags, .errors = diags->errors};
    if (c->depth > 8)
        return err_set(err, ERR_CONFLICT, "too_deep", "自动化链条超过 8 层，已停止。",
                       "A chain of automatic changes deeper than 8 was stopped.");
    if (access_of(c, w->form, &wr.x, err))
        return -1;
    wr.by_user = !wr.x->system && !(w->mode & WRITE_OWN_RIGHT);
    c->depth++;
    int rc = run(&wr, by_op[w->op], err);
    c->depth--;
    if (rc)
        rcache_forget(c); /* the caller's savepoint takes the rows back */
    if (rc == 0 && out)
        *out = wr.rec;
    return rc;
}

/* ---- a row that is not stored ---- */

/* Links to rows the caller may not read are blank: a lookup must not tell what stands there; and
 * members whom he may not see: their names must not come back. */
static int drop_unreadable(struct wr *w, struct err *err)
{
    for (size_t i = 0; i < w->f->nfields && !w->x->system; i++) {
        const struct field *f = w->f->fields[i];
        struct val *v = &w->rec.v[i];
        if (v->kind == VAL_ABSENT || val_is_blank(*v))
            continue;
        int seen = v->kind == VAL_REF && ref_kind_of(f) == REF_MEMBER
                       ? member_visible(w->c, v->ref->id, err)
                   : v->kind == VAL_REF && ref_kind_of(f) == REF_DEPT
                       ? department_visible(w->c, v->ref->id, err)
                       : 1;
        if (seen < 0)
            return -1;
        if (!seen)
            *v = VAL_NONE;
        if (!seen || !f->target)
            continue;
        int may = v->kind == VAL_REF ? record_can(w->c, f->target, v->ref->id, RIGHT_READ, err) : 0;
        if (may < 0)
            return -1;
        if (!may)
            *v = VAL_NONE;
    }
    return 0;
}

int rec_of_values(struct ctx *c, const struct form *f, struct val values, struct rec *out,
                  struct err *err)
{
    static wr_step *const steps[] = {wr_decode, drop_unreadable, wr_fill, all_defaults,
                                     wr_links,  compute,         NULL};
    struct diags ignored;
    struct rec_write in = {.op = REC_CREATE, .form = f, .values = values, .mode = WRITE_OWN_RIGHT};
    struct wr w = {.c = c, .w = &in, .f = f, .diags = &ignored};
    diags_init(&ignored, c->a);
    if (access_of(c, f, &w.x, err))
        return -1;
    w.rights = ARENA_ARRAY(c->a, uint8_t, f->nslots);
    w.given = ARENA_ARRAY(c->a, bool, f->nslots);
    w.hidden = ARENA_ARRAY(c->a, bool, f->nslots);
    w.computed = ARENA_ARRAY(c->a, struct val, f->nslots);
    new_row(&w);
    if (run(&w, steps, err))
        return -1;
    *out = w.rec;
    return 0;
}
