/*
 * One record: as its reader may see it, what he may do with it, and its buttons.
 */
#include "engine/record/asof.h"
#include "engine/record/query_int.h"
#include "engine/record/write_int.h"

/* ---- rights on the row, for the page ---- */

static int can_json(struct access *x, const struct rec *row, struct json *out, struct err *err)
{
    static const struct {
        unsigned right;
        struct str name;
    } rows[] = {{RIGHT_UPDATE, STR("update")},     {RIGHT_DELETE, STR("delete")},
                {RIGHT_COMMENT, STR("comment")},   {RIGHT_HISTORY, STR("history")},
                {RIGHT_TRANSFER, STR("transfer")}, {RIGHT_SHARE, STR("share")},
                {RIGHT_PRINT, STR("print")},       {RIGHT_RESTORE, STR("restore")}};
    json_key(out, STR("_can"));
    json_begin_list(out);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned by = rows[i].right | (rows[i].right == RIGHT_UPDATE ? RIGHT_CREATE : 0U);
        int yes = (x->rights & by) ? access_row(x, row, rows[i].right, err) : 0;
        if (yes < 0)
            return -1;
        if (yes)
            json_str(out, rows[i].name);
    }
    json_end_list(out);
    return 0;
}

static int button_now(struct access *x, const struct rec *row, const struct button *b,
                      struct err *err)
{
    if (!access_button(x, b))
        return 0;
    int yes = access_row_button(x, row, b, err);
    return yes == 1 && b->when ? rec_true(x->c, b->when, row, NULL, err) : yes;
}

static int buttons_json(struct access *x, const struct rec *row, struct json *out, struct err *err)
{
    json_key(out, STR("_buttons"));
    json_begin_list(out);
    for (size_t i = 0; i < x->f->nbuttons; i++) {
        int yes = button_now(x, row, &x->f->buttons[i], err);
        if (yes < 0)
            return -1;
        if (yes)
            json_str(out, x->f->buttons[i].key);
    }
    json_end_list(out);
    return 0;
}

/* Only what differs from the best the form's own answer says. */
static int fields_json(struct access *x, const struct rec *row, struct json *out, struct err *err)
{
    static const struct str names[] = {STR("hidden"), STR("hidden"), STR("masked"), STR("read"),
                                       STR("write")};
    uint8_t *read = ARENA_ARRAY(x->c->a, uint8_t, x->f->nslots);
    uint8_t *write = ARENA_ARRAY(x->c->a, uint8_t, x->f->nslots);
    if (access_row_fields(x, row, RIGHT_READ, read, err) ||
        access_row_fields(x, row, RIGHT_UPDATE, write, err))
        return -1;
    json_key(out, STR("_fields"));
    json_begin_obj(out);
    for (size_t s = 0; s < x->f->nslots; s++) {
        const struct field *f = rec_field_at(x->f, s);
        uint8_t now = write[s] == FIELD_WRITE ? write[s] : MIN(MAX(read[s], write[s]), FIELD_READ);
        if (now == x->best[s] || x->best[s] <= FIELD_HIDDEN || field_is_sys(f))
            continue;
        json_key(out, f->key);
        json_str(out, names[now]);
    }
    json_end_obj(out);
    return 0;
}

/* Some right, or some button, hangs on the values of the row. */
static bool needs_row(const struct access *x)
{
    bool needs = x->f->flow || x->f->restrict_fx;
    for (size_t i = 0; !x->system && i < x->n; i++)
        needs |= !x->g[i].def || x->g[i].where;
    for (size_t i = 0; i < x->f->nbuttons; i++)
        needs |= x->f->buttons[i].when != NULL;
    return needs;
}

static int write_one(struct plan *p, struct stmt *s, enum rec_where where, struct json *out,
                     struct err *err)
{
    struct rec row;
    int64_t id = stmt_int(s, 0);
    json_begin_obj(out);
    if (plan_json_members(p, s, out, err))
        return -1;
    if (p->c->as_of) { /* looked at, not worked with */
        json_kval(out, "_as_of", val_instant(asof_at(p->c)));
        json_end_obj(out);
        return 1;
    }
    int found = 1;
    if (needs_row(p->x))
        found = record_load(p->c, p->f, id, where, &row, err);
    else
        row = (struct rec){.form = p->f, .id = id}; /* nobody asks for its values */
    if (found < 0 ||
        (found && (can_json(p->x, &row, out, err) || buttons_json(p->x, &row, out, err) ||
                   fields_json(p->x, &row, out, err))))
        return -1;
    json_end_obj(out);
    return 1;
}

static int json_of(struct ctx *c, const struct rec_key *key, struct json *out, int64_t *version,
                   struct err *err)
{
    struct access *x;
    struct plan *p;
    struct stmt *s;
    size_t n;
    if (access_of(c, key->form, &x, err))
        return -1;
    const struct field **fields = plan_all(x, &n);
    if (plan_make(c, key->form, fields, n, &p, err))
        return -1;
    p->where = key->where;
    if (plan_by_id(p, key->id, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        if (version)
            *version = (int64_t)stmt_num(s, 1);
        step = write_one(p, s, key->where, out, err);
    }
    stmt_done(s);
    return step;
}

static void end_reads(void *db)
{
    store_read_end(db);
}

int record_json(struct ctx *c, const struct rec_key *key, struct json *out, int64_t *version,
                struct err *err)
{
    int snapshot = store_reads_begin(c->db, err);
    if (snapshot < 0)
        return -1;
    if (snapshot)
        arena_defer(c->a, end_reads, c->db); /* an unwind must not leave it open */
    int rc = json_of(c, key, out, version, err);
    if (snapshot) {
        arena_undefer(c->a, c->db);
        store_read_end(c->db);
    }
    return rc;
}

static int can_in(struct ctx *c, const struct form *f, int64_t id, unsigned right,
                  enum rec_where where, struct err *err)
{
    struct access *x;
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    if (access_of(c, f, &x, err))
        return -1;
    sql_lit(&q, "SELECT 1 FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE t0.\"_id\" = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND ");
    if (access_rows_in(x, &q, 0, right, where, err))
        return -1;
    return store_get_int(c->db, c->a, &q, &one, err);
}

int record_can(struct ctx *c, const struct form *f, int64_t id, unsigned right, struct err *err)
{
    return can_in(c, f, id, right, REC_LIVE, err);
}

int record_could_read(struct ctx *c, const struct form *f, int64_t id, struct err *err)
{
    return can_in(c, f, id, RIGHT_READ, REC_ANY, err);
}

/* ---- buttons ---- */

struct press {
    struct ctx *c;
    const struct form *f;
    const struct button *b;
    struct rec row;
    struct val *ask; /* by the order of b->ask */
    struct val ask_obj;
    struct diags *diags;
};

static bool asks(const struct button *b, struct str key)
{
    for (size_t i = 0; i < b->nask; i++)
        if (str_eq(b->ask[i]->key, key))
            return true;
    return false;
}

static int take_ask(struct press *p, struct val body, struct err *err)
{
    const struct button *b = p->b;
    struct pair *pairs = ARENA_ARRAY(p->c->a, struct pair, b->nask);
    size_t before = p->diags->errors;
    p->ask = ARENA_ARRAY(p->c->a, struct val, b->nask);
    for (size_t i = 0; i < b->nask; i++) {
        const struct field *f = b->ask[i];
        struct val in = body.kind == VAL_OBJ ? val_get(body, f->key) : VAL_NONE;
        struct val v = in.kind == VAL_ABSENT ? f->dflt.literal : in;
        p->ask[i] = fxval_value(f, p->c->a, v, p->diags, f->key);
        if (f->required && val_is_blank(p->ask[i]))
            diag_field(p->diags, f->key, "required", "请填写“%.*s”。", "“%.*s” is required.",
                       STR_ARG(f->title));
        pairs[i] = (struct pair){f->key, p->ask[i]};
    }
    p->ask_obj = val_obj(pairs, b->nask);
    for (uint32_t i = 0; body.kind == VAL_OBJ && i < body.n; i++)
        if (!asks(b, body.obj[i].key))
            diag_field(p->diags, body.obj[i].key, "unknown_field", "没有字段“%.*s”。",
                       "There is no field “%.*s”.", STR_ARG(body.obj[i].key));
    if (p->diags->errors == before)
        return 0;
    return err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                   "Some of the input is not valid.");
}

static int may_press(struct press *p, int64_t id, struct err *err)
{
    struct access *x;
    if (access_of(p->c, p->f, &x, err))
        return -1;
    const struct rec_key key = {p->f, id, REC_LIVE};
    const struct rec_seen show = {.rights = RIGHT_READ, .button = p->b};
    int found = record_load_seen(x, &key, &show, &p->row, err);
    if (found <= 0)
        return found < 0 ? -1 : not_found(err);
    int may = access_button(x, p->b) ? access_row_button(x, &p->row, p->b, err) : 0;
    if (may < 0)
        return -1;
    int seen = may ? 1 : access_row(x, &p->row, RIGHT_READ, err);
    if (seen <= 0)
        return seen < 0 ? -1 : not_found(err);
    if (!may)
        return denied(err);
    int when = p->b->when ? rec_true(p->c, p->b->when, &p->row, NULL, err) : 1;
    if (when)
        return when < 0 ? -1 : 0;
    return err_set(err, ERR_CONFLICT, "button", "“%.*s”现在不能执行：条件已不再满足。",
                   "“%.*s” is not possible now: its condition no longer holds.",
                   STR_ARG(p->b->title));
}

static int write_set(struct press *p, struct err *err)
{
    const struct button *b = p->b;
    struct pair *pairs = ARENA_ARRAY(p->c->a, struct pair, b->nset);
    if (!b->nset)
        return 0;
    for (size_t i = 0; i < b->nset; i++) {
        pairs[i].key = b->set[i].field;
        if (set_value(p->c, &b->set[i], &p->row, p->ask, &pairs[i].value, err))
            return -1;
    }
    struct rec_write w = {.op = REC_UPDATE,
                          .form = p->f,
                          .id = p->row.id,
                          .values = {.kind = VAL_OBJ, .n = (uint32_t)b->nset, .obj = pairs},
                          .no_version = true,
                          .button = b,
                          .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS};
    return record_write(p->c, &w, &p->row, p->diags, err);
}

static int run_script(struct press *p, struct err *err)
{
    const struct rec_hooks *h = engine_hooks(p->c->engine);
    if (!p->b->run.n || !h->button)
        return 0;
    return h->button(p->c, p->b, &p->row, p->ask_obj, p->diags, err);
}

int record_button(struct ctx *c, const struct button_press *press, struct rec *out,
                  struct diags *diags, struct err *err)
{
    struct press p = {.c = c, .f = press->form, .b = press->button, .diags = diags};
    const struct rec_hooks *h = engine_hooks(c->engine);
    struct rcache *rc = rcache_of(c);
    if (may_press(&p, press->id, err) || take_ask(&p, press->ask, err))
        return -1;
    if (h->lock && h->lock(c, &p.row, err))
        return -1;
    const struct button *outer = rc->button;
    rc->button = press->button;
    int rcode = write_set(&p, err) || run_script(&p, err) ? -1 : 0;
    rc->button = outer;
    if (rcode)
        return -1;
    int found = record_load(c, press->form, press->id, REC_LIVE, &p.row, err);
    const struct rec_event ev = {.op = REC_UPDATE, .rec = &p.row, .button = press->button};
    if (found == 1 && h->event && press->form->nautomations) {
        if (h->event(c, &ev, err))
            return -1;
        found = record_load(c, press->form, press->id, REC_LIVE, &p.row, err);
    }
    if (found == 1 && out)
        *out = p.row;
    return found < 0 ? -1 : 0;
}
