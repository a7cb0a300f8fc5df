/*
 * The rows of running approvals: instance, token, task, event. One function is one statement; the
 * rules are in step.c and flow.c.
 */
#include "engine/flow/flow_int.h"
#include "engine/org/delegation.h"
#include "engine/org/notice.h"
#include "engine/record/file.h"

#define URGE_US (10 * 60 * US_PER_S) /* before the same task may be urged again */

static void begin(const struct flow_run *r, struct sql *q)
{
    sql_init(q, r->c->a, store_dialect(r->c->store));
}

static int run(const struct flow_run *r, const struct sql *q, int64_t *changes, struct err *err)
{
    return store_exec(r->c->db, r->c->a, q, changes, err);
}

/* Statement to "1 it changed a row, 0 it did not". */
static int run_cas(const struct flow_run *r, const struct sql *q, struct err *err)
{
    int64_t changes = 0;
    if (run(r, q, &changes, err) < 0)
        return -1;
    return changes > 0;
}

/* Bound values in a list: text, integers (0 is NULL where the column says so). */
static void bind_id(struct sql *q, int64_t id)
{
    sql_bind(q, id ? val_dec(id, 0) : VAL_NONE);
}

static void bind_text(struct sql *q, struct str s)
{
    sql_bind(q, val_text(s));
}

static int64_t who_id(const struct ctx *c)
{
    return c->who->kind == WHO_MEMBER ? c->who->id : 0;
}

/* ---- instance ---- */

int fs_instance_add(struct flow_run *r, struct err *err)
{
    struct sql q;
    begin(r, &q);
    r->instance = id_next(r->c->ids, r->c->now_us);
    sql_lit(&q, "INSERT INTO _flow_instance (id, app, form, record, n, state, round, started_at, "
                "started_by)"
                " VALUES (");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, ", ");
    bind_text(&q, r->live->app->key);
    sql_lit(&q, ", ");
    bind_text(&q, r->live->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->record);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->live->app->n);
    sql_lit(&q, ", 'running', 1, ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, ", ");
    bind_id(&q, r->initiator);
    sql_lit(&q, ")");
    return run(r, &q, NULL, err);
}

int fs_instance_state(struct flow_run *r, struct str state, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _flow_instance SET state = ");
    bind_text(&q, state);
    sql_lit(&q, ", round = ");
    sql_bind_int(&q, r->round);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, r->instance);
    return run(r, &q, NULL, err);
}

int fs_instance_end(struct flow_run *r, struct str state, struct err *err)
{
    struct sql q;
    begin(r, &q);
    r->ended = true;
    sql_lit(&q, "UPDATE _flow_instance SET state = ");
    bind_text(&q, state);
    sql_lit(&q, ", ended_at = ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, " WHERE ended_at IS NULL AND id = ");
    sql_bind_int(&q, r->instance);
    int changed = run_cas(r, &q, err);
    if (changed == 0)
        return err_set(err, ERR_CONFLICT, "flow_ended", "流程已经结束。",
                       "The flow has already ended.");
    return changed < 0 ? -1 : 0;
}

int fs_instance_load(struct ctx *c, const struct form *live, int64_t record, bool open_only,
                     struct flow_run *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    *out = (struct flow_run){.c = c, .live = live, .record = record};
    begin(out, &q);
    sql_lit(&q, "SELECT id, n, round, started_by, CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END,"
                " parent_instance, parent_token FROM _flow_instance WHERE record = ");
    sql_bind_int(&q, record);
    if (open_only)
        sql_lit(&q, " AND ended_at IS NULL");
    sql_lit(&q, " ORDER BY id DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    int64_t n = 0;
    if (got == 1) {
        out->instance = stmt_int(s, 0);
        n = stmt_int(s, 1);
        out->round = stmt_int(s, 2);
        out->initiator = stmt_int(s, 3);
        out->ended = stmt_int(s, 4) != 0;
        out->parent_instance = stmt_int(s, 5);
        out->parent_token = stmt_int(s, 6);
    }
    stmt_done(s);
    if (got <= 0)
        return got;
    struct app *app = live->app->n == n ? live->app : engine_app_version(c, live->app->key, n);
    out->form = app ? app_form(app, live->key) : NULL;
    out->def = out->form ? out->form->flow : NULL;
    if (out->def)
        return 1;
    return err_set(err, ERR_CONFLICT, "flow_version", "流程的起始版本已无法读取。",
                   "The version this flow began with cannot be read any more.");
}

int fs_instance_adopt(struct flow_run *r, int64_t record, int64_t token, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _flow_instance SET parent_instance = ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, ", parent_token = ");
    sql_bind_int(&q, token);
    sql_lit(&q, " WHERE ended_at IS NULL AND record = ");
    sql_bind_int(&q, record);
    return run_cas(r, &q, err);
}

int fs_instance_reparent(struct flow_run *from, struct flow_run *to, struct err *err)
{
    struct sql q;
    to->parent_instance = from->parent_instance;
    to->parent_token = from->parent_token;
    begin(to, &q);
    sql_lit(&q, "UPDATE _flow_instance SET parent_instance = ");
    bind_id(&q, from->parent_instance);
    sql_lit(&q, ", parent_token = ");
    bind_id(&q, from->parent_token);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, to->instance);
    return run(to, &q, NULL, err);
}

/* ---- tokens ---- */

static int token_insert(struct flow_run *r, struct str node, struct lane lane, int64_t *id,
                        bool open, struct err *err)
{
    struct sql q;
    begin(r, &q);
    *id = id_next(r->c->ids, r->c->now_us);
    sql_lit(&q, "INSERT INTO _flow_token (id, instance, node, state, left_at, round, fork, branch,"
                " resume, entered_at) VALUES (");
    sql_bind_int(&q, *id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, ", ");
    bind_text(&q, node);
    sql_lit(&q, ", ");
    bind_text(&q, open ? STR("open") : STR("done"));
    sql_lit(&q, ", ");
    bind_id(&q, open ? 0 : r->c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->round);
    sql_lit(&q, ", ");
    bind_id(&q, lane.fork);
    sql_lit(&q, ", ");
    bind_text(&q, lane.branch);
    sql_lit(&q, ", ");
    bind_text(&q, lane.resume);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, ")");
    return run(r, &q, NULL, err);
}

int fs_token_add(struct flow_run *r, struct str node, struct lane lane, int64_t *id,
                 struct err *err)
{
    return token_insert(r, node, lane, id, true, err);
}

int fs_token_passed(struct flow_run *r, struct str node, struct lane lane, struct err *err)
{
    int64_t id;
    return token_insert(r, node, lane, &id, false, err);
}

int fs_token_close(struct flow_run *r, int64_t token, struct str state, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _flow_token SET state = ");
    bind_text(&q, state);
    sql_lit(&q, ", left_at = ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, " WHERE state = 'open' AND id = ");
    sql_bind_int(&q, token);
    int mine = run_cas(r, &q, err);
    return mine == 1 && timer_cancel(r, token, err) < 0 ? -1 : mine;
}

int fs_token_load(struct flow_run *r, int64_t token, struct token_row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct arena *a = r->c->a;
    begin(r, &q);
    sql_lit(&q, "SELECT node, state, instance, entered_at, fork, branch, resume FROM _flow_token"
                " WHERE id = ");
    sql_bind_int(&q, token);
    if (store_query(r->c->db, a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        *out = (struct token_row){
            .node = str_dup(a, stmt_str(s, 0)),
            .state = str_dup(a, stmt_str(s, 1)),
            .instance = stmt_int(s, 2),
            .entered_us = stmt_int(s, 3),
            .lane = {stmt_int(s, 4), str_dup(a, stmt_str(s, 5)), str_dup(a, stmt_str(s, 6))}};
    stmt_done(s);
    return got;
}

int fs_token_lane(struct flow_run *r, int64_t token, struct lane *lane, struct err *err)
{
    struct token_row t = {0};
    if (fs_token_load(r, token, &t, err) < 0)
        return -1;
    *lane = t.lane;
    return 0;
}

int fs_tokens_open(struct flow_run *r, int64_t fork, int64_t *n, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _flow_token WHERE state = 'open' AND instance = ");
    sql_bind_int(&q, r->instance);
    if (fork) {
        sql_lit(&q, " AND fork = ");
        sql_bind_int(&q, fork);
    }
    return store_get_int(r->c->db, r->c->a, &q, n, err) < 0 ? -1 : 0;
}

/* What ends an instance's open tasks and tokens; a condition may follow. */
static void cancel_tasks_sql(struct flow_run *r, struct sql *q)
{
    sql_lit(q, "UPDATE _task SET state = 'cancelled', closed_at = ");
    sql_bind_int(q, r->c->now_us);
    sql_lit(q, " WHERE state IN ('open', 'waiting') AND kind <> 'cc' AND instance = ");
    sql_bind_int(q, r->instance);
}

static void cancel_tokens_sql(struct flow_run *r, struct sql *q)
{
    sql_lit(q, "UPDATE _flow_token SET state = 'cancelled', left_at = ");
    sql_bind_int(q, r->c->now_us);
    sql_lit(q, " WHERE state = 'open' AND instance = ");
    sql_bind_int(q, r->instance);
}

int fs_cancel_all(struct flow_run *r, struct err *err)
{
    struct sql q;
    begin(r, &q);
    cancel_tasks_sql(r, &q);
    if (run(r, &q, NULL, err) < 0 || timer_cancel(r, 0, err) < 0)
        return -1;
    begin(r, &q);
    cancel_tokens_sql(r, &q);
    return run(r, &q, NULL, err);
}

/* Every token that came out of the fork, at any depth. */
static void inside_sql(struct sql *q, int64_t fork)
{
    sql_lit(q, " IN (WITH RECURSIVE inside(id) AS (SELECT id FROM _flow_token WHERE fork = ");
    sql_bind_int(q, fork);
    sql_lit(q, " UNION SELECT t.id FROM _flow_token t JOIN inside i ON t.fork = i.id)"
               " SELECT id FROM inside)");
}

int fs_cancel_fork(struct flow_run *r, int64_t fork, struct err *err)
{
    struct sql q;
    begin(r, &q);
    cancel_tasks_sql(r, &q);
    sql_lit(&q, " AND token");
    inside_sql(&q, fork);
    if (run(r, &q, NULL, err) < 0)
        return -1;
    begin(r, &q);
    sql_lit(&q, "DELETE FROM _job WHERE kind = 'flow' AND state = 'queued' AND subject");
    inside_sql(&q, fork);
    if (run(r, &q, NULL, err) < 0)
        return -1;
    begin(r, &q);
    cancel_tokens_sql(r, &q);
    sql_lit(&q, " AND id");
    inside_sql(&q, fork);
    return run(r, &q, NULL, err);
}

/* ---- tasks ---- */

/* The title of the record's form in the language of c. */
static struct str form_title(const struct ctx *c, const struct form *f)
{
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    return app_text(f->app, lang, str_fmt(c->a, "forms.%.*s.title", STR_ARG(f->key)), f->title);
}

int fs_tell(struct flow_run *r, int64_t member, struct str kind, struct str node, struct err *err)
{
    struct ctx *c = r->c;
    enum lang was = c->lang, his;
    if (notice_lang(c, member, &his, err) < 0)
        return -1;
    c->lang = his;
    const struct notice n = {.member = member,
                             .kind = kind,
                             .app = r->live->app->key,
                             .form = r->live->key,
                             .record = r->record,
                             .title = r->def ? flow_node_title(c, r->form, r->def, node) : node,
                             .body = form_title(c, r->live)};
    c->lang = was;
    return notice_add(c, &n, err);
}

/* Nobody is told of what he gave himself. */
static int announce(struct flow_run *r, const struct task_spec *t, struct err *err)
{
    struct str kind = str_eqz(t->kind, "cc") ? STR("cc") : STR("task");
    if (!str_eqz(t->state, "open"))
        return 0;
    if (t->holder != r->c->who->id && fs_tell(r, t->holder, kind, t->node, err))
        return -1;
    return t->on_behalf && t->on_behalf != r->c->who->id
               ? fs_tell(r, t->on_behalf, kind, t->node, err)
               : 0;
}

int fs_task_add(struct flow_run *r, const struct task_spec *t, int64_t *id, struct err *err)
{
    struct sql q;
    begin(r, &q);
    *id = id_next(r->c->ids, r->c->now_us);
    sql_lit(
        &q,
        "INSERT INTO _task (id, instance, token, app, form, record, node, kind, holder, on_behalf,"
        " state, round, pos, parent, placed, opened_at, due_at) VALUES (");
    sql_bind_int(&q, *id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, ", ");
    bind_id(&q, t->token);
    sql_lit(&q, ", ");
    bind_text(&q, r->live->app->key);
    sql_lit(&q, ", ");
    bind_text(&q, r->live->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->record);
    sql_lit(&q, ", ");
    bind_text(&q, t->node);
    sql_lit(&q, ", ");
    bind_text(&q, t->kind);
    sql_lit(&q, ", ");
    sql_bind_int(&q, t->holder);
    sql_lit(&q, ", ");
    bind_id(&q, t->on_behalf);
    sql_lit(&q, ", ");
    bind_text(&q, t->state);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->round);
    sql_lit(&q, ", ");
    sql_bind_int(&q, t->pos);
    sql_lit(&q, ", ");
    bind_id(&q, t->parent);
    sql_lit(&q, ", ");
    bind_text(&q, t->placed);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, ", ");
    bind_id(&q, t->due_us);
    sql_lit(&q, ")");
    ctx_event(r->c, r->live->app->key, r->live->key, r->record, t->holder, STR("task"));
    if (t->on_behalf)
        ctx_event(r->c, r->live->app->key, r->live->key, r->record, t->on_behalf, STR("task"));
    return run(r, &q, NULL, err) ? -1 : announce(r, t, err);
}

int fs_task_load(struct ctx *c, int64_t id, struct task_row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(
        &q,
        "SELECT instance, token, holder, record, parent, round, pos, app, form, node, kind, state,"
        " placed, on_behalf FROM _task WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1)
        *out = (struct task_row){
            .id = id,
            .instance = stmt_int(s, 0),
            .token = stmt_int(s, 1),
            .holder = stmt_int(s, 2),
            .record = stmt_int(s, 3),
            .parent = stmt_int(s, 4),
            .round = stmt_int(s, 5),
            .pos = stmt_int(s, 6),
            .app = str_dup(c->a, stmt_str(s, 7)),
            .form = str_dup(c->a, stmt_str(s, 8)),
            .node = str_dup(c->a, stmt_str(s, 9)),
            .kind = str_dup(c->a, stmt_str(s, 10)),
            .state = str_dup(c->a, stmt_str(s, 11)),
            .placed = str_dup(c->a, stmt_str(s, 12)),
            .on_behalf = stmt_int(s, 13),
        };
    stmt_done(s);
    return got;
}

int fs_task_close(struct flow_run *r, const struct task_close *t, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _task SET state = ");
    bind_text(&q, t->state);
    sql_lit(&q, ", action = ");
    bind_text(&q, t->action);
    sql_lit(&q, ", comment = ");
    bind_text(&q, t->comment);
    sql_lit(&q, ", closed_at = ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, ", auto = ");
    sql_bind_int(&q, t->automatic);
    sql_lit(&q, ", by = ");
    bind_id(&q, t->automatic ? 0 : who_id(r->c));
    if (t->signature) {
        sql_lit(&q, ", signature = ");
        sql_bind_int(&q, t->signature);
    }
    sql_lit(&q, " WHERE state = 'open' AND id = ");
    sql_bind_int(&q, t->task);
    return run_cas(r, &q, err);
}

static bool is_picture(struct str type)
{
    return str_eqz(type, "image/png") || str_eqz(type, "image/jpeg") || str_eqz(type, "image/webp");
}

int fs_signature(struct flow_run *r, int64_t file, struct err *err)
{
    struct file f = {0};
    const struct file_claim k = {.file = file,
                                 .record = r->record,
                                 .app = r->live->app->key,
                                 .form = r->live->key,
                                 .field = FILE_SIGNATURE};
    int rc = file_load(r->c, file, &f, err);
    if (rc == 1 && (f.record || f.created_by != who_id(r->c) || !is_picture(f.type)))
        rc = 0;
    return rc == 1 ? file_claim(r->c, &k, err) : rc;
}

int fs_task_next(struct flow_run *r, int64_t token, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _task SET state = 'open', opened_at = ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, " WHERE id = (SELECT id FROM _task WHERE state = 'waiting' AND placed IS NULL AND "
                "token = ");
    sql_bind_int(&q, token);
    sql_lit(&q, " ORDER BY pos, id LIMIT 1)");
    return run_cas(r, &q, err);
}

int fs_task_pause(struct flow_run *r, int64_t task, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _task SET state = 'waiting' WHERE state = 'open' AND id = ");
    sql_bind_int(&q, task);
    return run_cas(r, &q, err);
}

int fs_signers_follow(struct flow_run *r, int64_t from, int64_t to, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _task SET parent = ");
    sql_bind_int(&q, to);
    sql_lit(&q, " WHERE state IN ('open', 'waiting') AND placed IS NOT NULL AND parent = ");
    sql_bind_int(&q, from);
    return run(r, &q, NULL, err);
}

int fs_tasks_of(struct flow_run *r, int64_t token, struct task_list *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    begin(r, &q);
    sql_lit(
        &q,
        "SELECT id, holder, pos, kind, on_behalf, parent, placed FROM _task WHERE state = 'open'"
        " AND token = ");
    sql_bind_int(&q, token);
    sql_lit(&q, " ORDER BY id");
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(r->c->a, &out->rows,
                 (struct task_row){.id = stmt_int(s, 0),
                                   .holder = stmt_int(s, 1),
                                   .pos = stmt_int(s, 2),
                                   .kind = str_dup(r->c->a, stmt_str(s, 3)),
                                   .on_behalf = stmt_int(s, 4),
                                   .parent = stmt_int(s, 5),
                                   .placed = str_dup(r->c->a, stmt_str(s, 6))});
    stmt_done(s);
    return got;
}

int fs_tasks_cancel(struct flow_run *r, int64_t token, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "UPDATE _task SET state = 'cancelled', closed_at = ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, " WHERE state IN ('open', 'waiting') AND token = ");
    sql_bind_int(&q, token);
    return run(r, &q, NULL, err);
}

int fs_handled(struct flow_run *r, int64_t member, struct str node, int64_t *n, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _task WHERE state = 'done' AND action = 'approve' AND by = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " AND kind = 'approve' AND instance = ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, " AND round = ");
    sql_bind_int(&q, r->round);
    if (node.n) {
        sql_lit(&q, " AND node = ");
        bind_text(&q, node);
    }
    return store_get_int(r->c->db, r->c->a, &q, n, err) < 0 ? -1 : 0;
}

/* The approval node that was left last. */
int fs_last_node(struct flow_run *r, struct str *node, struct err *err)
{
    struct sql q;
    struct stmt *s;
    begin(r, &q);
    sql_lit(&q, "SELECT node FROM _task WHERE state = 'done' AND kind = 'approve' AND instance = ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, " ORDER BY closed_at DESC, id DESC LIMIT 1");
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    *node = got == 1 ? str_dup(r->c->a, stmt_str(s, 0)) : STR_NONE;
    stmt_done(s);
    return got < 0 ? -1 : 0;
}

/* ---- events and the rest ---- */

int fs_event(struct flow_run *r, const struct flow_event *e, struct err *err)
{
    struct sql q;
    begin(r, &q);
    sql_lit(
        &q,
        "INSERT INTO _flow_event (id, instance, record, at, who, via, verb, node, task, comment,"
        " data) VALUES (");
    sql_bind_int(&q, id_next(r->c->ids, r->c->now_us));
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->record);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->c->now_us);
    sql_lit(&q, ", ");
    bind_id(&q, who_id(r->c));
    sql_lit(&q, ", ");
    bind_text(&q, via_name(r->c->via));
    sql_lit(&q, ", ");
    bind_text(&q, e->verb);
    sql_lit(&q, ", ");
    bind_text(&q, e->node);
    sql_lit(&q, ", ");
    bind_id(&q, e->task);
    sql_lit(&q, ", ");
    bind_text(&q, e->comment);
    sql_lit(&q, ", ");
    sql_bind(&q, e->data);
    sql_lit(&q, ")");
    return run(r, &q, NULL, err);
}

int fs_node_list(struct flow_run *r, struct val *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct val) keys = {0};
    begin(r, &q);
    sql_lit(&q, "SELECT DISTINCT node FROM _flow_token WHERE state = 'open' AND instance = ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, " ORDER BY node");
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(r->c->a, &keys, val_text(str_dup(r->c->a, stmt_str(s, 0))));
    stmt_done(s);
    *out = val_list(keys.v, keys.n);
    return got;
}

int fs_delegate(struct flow_run *r, int64_t member, int64_t *out, struct err *err)
{
    return delegation_of(r->c, member, r->live->app->key, r->live->key, out, err);
}

/* The open tasks that nobody urged lately. */
static void to_urge(struct flow_run *r, int64_t task, struct sql *q)
{
    sql_lit(q, " WHERE state = 'open' AND kind <> 'cc' AND instance = ");
    sql_bind_int(q, r->instance);
    sql_lit(q, " AND (urged_at IS NULL OR urged_at <= ");
    sql_bind_int(q, r->c->now_us - URGE_US);
    sql_lit(q, ")");
    if (!task)
        return;
    sql_lit(q, " AND id = ");
    sql_bind_int(q, task);
}

/* A notice to each holder of such a task, and the mark that the page shows. */
int fs_urge(struct flow_run *r, int64_t task, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct task_row) open = {0};
    begin(r, &q);
    sql_lit(&q, "SELECT holder, node, on_behalf FROM _task");
    to_urge(r, task, &q);
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(r->c->a, &open,
                 (struct task_row){.holder = stmt_int(s, 0),
                                   .node = str_dup(r->c->a, stmt_str(s, 1)),
                                   .on_behalf = stmt_int(s, 2)});
    stmt_done(s);
    if (got == 0 && open.n == 0)
        return err_set(err, ERR_LIMIT, "urged_lately", "刚催办过，%d 分钟后可以再催。",
                       "They were reminded just now; they can be again %d minutes later.",
                       (int)(URGE_US / US_PER_S / 60));
    for (size_t i = 0; got == 0 && i < open.n; i++) {
        got = fs_tell(r, open.v[i].holder, STR("urge"), open.v[i].node, err);
        if (got == 0 && open.v[i].on_behalf)
            got = fs_tell(r, open.v[i].on_behalf, STR("urge"), open.v[i].node, err);
    }
    if (got < 0)
        return -1;
    begin(r, &q);
    sql_lit(&q, "UPDATE _task SET urged_at = ");
    sql_bind_int(&q, r->c->now_us);
    to_urge(r, task, &q);
    return run(r, &q, NULL, err);
}
