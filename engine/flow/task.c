/*
 * Lists of tasks by box, with the counts of all boxes: to do, done, started, copied to me.
 */
#include "engine/flow/flow_int.h"
#include "engine/org/member.h"

#define TASKS_MAX     200
#define TASKS_DEFAULT 50

/* Appends the condition of a box over alias t (tasks) or i (instances started by me). */
static void box_where(struct sql *q, enum task_box box, int64_t me)
{
    switch (box) {
    case BOX_TODO:
        sql_lit(q, " t.state = 'open' AND t.kind <> 'cc' AND (t.on_behalf = ");
        sql_bind_int(q, me);
        sql_lit(q, " OR t.holder = ");
        sql_bind_int(q, me);
        sql_lit(q, ")");
        return;
    case BOX_DONE:
        sql_lit(q, " t.state = 'done' AND t.kind <> 'cc' AND t.auto = 0 AND t.by = ");
        break;
    case BOX_CC: sql_lit(q, " t.kind = 'cc' AND t.holder = "); break;
    case BOX_STARTED: sql_lit(q, " t.started_by = "); break;
    }
    sql_bind_int(q, me);
}

static int count_box(struct ctx *c, enum task_box box, int64_t *n, struct err *err)
{
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    if (box == BOX_STARTED)
        sql_lit(&q, "SELECT COUNT(*) FROM _flow_instance t WHERE");
    else
        sql_lit(&q, "SELECT COUNT(*) FROM _task t WHERE");
    box_where(&q, box, c->who->id);
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int counts_json(struct ctx *c, struct json *out, struct err *err)
{
    static const struct {
        struct str key;
        enum task_box box;
    } boxes[] = {{STR("todo"), BOX_TODO},
                 {STR("done"), BOX_DONE},
                 {STR("started"), BOX_STARTED},
                 {STR("cc"), BOX_CC}};
    json_key(out, STR("counts"));
    json_begin_obj(out);
    for (size_t i = 0; i < ARRAY_LEN(boxes); i++) {
        int64_t n = 0;
        if (count_box(c, boxes[i].box, &n, err) < 0)
            return -1;
        json_key(out, boxes[i].key);
        json_int(out, n);
    }
    json_end_obj(out);
    return 0;
}

struct line {
    int64_t id, record, opened_us, due_us, closed_us, started_by;
    struct str app, form, node, state, action, kind;
};

static void list_sql(struct ctx *c, const struct task_query *tq, int64_t after, uint32_t limit,
                     struct sql *q)
{
    sql_init(q, c->a, store_dialect(c->store));
    if (tq->box == BOX_STARTED)
        sql_lit(
            q, "SELECT t.id, t.record, t.started_at, NULL, t.ended_at, t.started_by, t.app, t.form,"
               " 'start', t.state, '', '' FROM _flow_instance t WHERE");
    else
        sql_lit(q, "SELECT t.id, t.record, t.opened_at, t.due_at, t.closed_at, i.started_by, "
                   "t.app, t.form,"
                   " t.node, i.state, t.action, t.kind FROM _task t"
                   " JOIN _flow_instance i ON i.id = t.instance WHERE");
    box_where(q, tq->box, c->who->id);
    if (tq->app.n) {
        sql_lit(q, " AND t.app = ");
        sql_bind_str(q, tq->app);
    }
    if (after) {
        sql_lit(q, " AND t.id < ");
        sql_bind_int(q, after);
    }
    sql_lit(q, " ORDER BY t.id DESC LIMIT ");
    sql_int(q, (int64_t)limit + 1);
}

static struct line line_of(struct arena *a, struct stmt *s)
{
    return (struct line){
        .id = stmt_int(s, 0),
        .record = stmt_int(s, 1),
        .opened_us = stmt_int(s, 2),
        .due_us = stmt_int(s, 3),
        .closed_us = stmt_int(s, 4),
        .started_by = stmt_int(s, 5),
        .app = str_dup(a, stmt_str(s, 6)),
        .form = str_dup(a, stmt_str(s, 7)),
        .node = str_dup(a, stmt_str(s, 8)),
        .state = str_dup(a, stmt_str(s, 9)),
        .action = str_dup(a, stmt_str(s, 10)),
        .kind = str_dup(a, stmt_str(s, 11)),
    };
}

/* ---- one line ---- */

struct str flow_node_title(struct ctx *c, const struct form *f, const struct flowdef *def,
                           struct str key)
{
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    if (str_eq(key, STR("start")) && def->start_title.n)
        return app_text(f->app, lang, str_fmt(c->a, "forms.%.*s.flow.start.title", STR_ARG(f->key)),
                        def->start_title);
    const struct flow_node *node = flow_node(def, key);
    if (!node)
        return key;
    struct str path =
        str_fmt(c->a, "forms.%.*s.flow.nodes.%.*s.title", STR_ARG(f->key), STR_ARG(key));
    return app_text(f->app, lang, path, node->title);
}

static void titles_json(struct ctx *c, const struct form *f, const struct line *l, struct json *out)
{
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    struct str path = str_fmt(c->a, "forms.%.*s.title", STR_ARG(l->form));
    json_kstr(out, "form_title", f ? app_text(f->app, lang, path, f->title) : l->form);
    json_kstr(out, "node", l->node);
    json_kstr(out, "title", f && f->flow ? flow_node_title(c, f, f->flow, l->node) : l->node);
}

static void actions_json(const struct form *f, const struct line *l, struct json *out)
{
    static const struct {
        struct str name;
        enum flow_action bit;
    } names[] = {{STR("approve"), ACT_APPROVE},
                 {STR("reject"), ACT_REJECT},
                 {STR("return"), ACT_RETURN},
                 {STR("transfer"), ACT_TRANSFER},
                 {STR("add_sign"), ACT_ADD_SIGN}};
    const struct flow_node *node = f && f->flow ? flow_node(f->flow, l->node) : NULL;
    unsigned may = str_eq(l->kind, STR("start")) ? ACT_APPROVE : node ? node->actions : 0;
    json_key(out, STR("actions"));
    json_begin_list(out);
    for (size_t i = 0; l->closed_us == 0 && i < ARRAY_LEN(names); i++)
        if (may & names[i].bit)
            json_str(out, names[i].name);
    json_end_list(out);
}

/* The record as its reader may see it: the title, null when he may not. */
static int record_json_ref(struct ctx *c, const struct form *f, const struct line *l,
                           struct json *out, struct err *err)
{
    struct str title = STR_NONE;
    if (f && record_title(c, f, l->record, &title, err) < 0)
        return -1;
    json_key(out, STR("record"));
    json_val(out, val_ref(c->a, l->record, title));
    return 0;
}

static int line_json(struct ctx *c, const struct task_query *tq, const struct line *l,
                     struct json *out, struct err *err)
{
    const struct form *f = c->app && str_eq(c->app->key, l->app) ? app_form(c->app, l->form) : NULL;
    char id[16];
    json_begin_obj(out);
    json_kstr(out, "id", id_print(l->id, id));
    json_kstr(out, "app", l->app);
    json_kstr(out, "form", l->form);
    titles_json(c, f, l, out);
    if (record_json_ref(c, f, l, out, err) < 0)
        return -1;
    json_key(out, STR("by"));
    if (member_json(c, l->started_by, out, err) < 0)
        return -1;
    json_kval(out, "since", val_instant(l->opened_us));
    json_kval(out, "due_at", l->due_us ? val_instant(l->due_us) : VAL_NONE);
    json_kstr(out, "state", l->state);
    if (task_summary(c, f, l->record, out, err))
        return -1;
    actions_json(f, l, out);
    if (tq->box != BOX_TODO && l->closed_us) {
        json_key(out, STR("done"));
        json_begin_obj(out);
        json_kstr(out, "action", l->action);
        json_kval(out, "at", val_instant(l->closed_us));
        json_end_obj(out);
    }
    json_end_obj(out);
    return 0;
}

/* Tasks of several apps in one list: the app of each line is borrowed for it. */
static int line_in_app(struct ctx *c, const struct task_query *tq, const struct line *l,
                       struct json *out, struct err *err)
{
    struct app *outer = c->app;
    c->app = outer && str_eq(outer->key, l->app) ? outer : engine_app_version(c, l->app, 0);
    int rc = line_json(c, tq, l, out, err);
    c->app = outer;
    return rc;
}

int task_list(struct ctx *c, const struct task_query *tq, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int64_t after = 0;
    uint32_t limit = tq->limit ? MIN(tq->limit, TASKS_MAX) : TASKS_DEFAULT;
    if (tq->after.n && !id_parse(tq->after, &after))
        return err_set(err, ERR_INVALID, "cursor", "游标无效。", "The cursor is not valid.");
    VEC(struct line) lines = {0};
    list_sql(c, tq, after, limit, &q);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(c->a, &lines, line_of(c->a, s));
    stmt_done(s);
    json_begin_obj(out);
    json_key(out, STR("tasks"));
    json_begin_list(out);
    for (size_t i = 0; got == 0 && i < lines.n && i < limit; i++)
        got = line_in_app(c, tq, &lines.v[i], out, err);
    json_end_list(out);
    if (got == 0)
        got = counts_json(c, out, err);
    char id[16];
    json_kval(out, "next",
              lines.n > limit ? val_text(id_print(lines.v[limit - 1].id, id)) : VAL_NONE);
    json_end_obj(out);
    return got;
}
