/*
 * Where a record's approval stands, for its page: nodes, timeline, the caller's task, what he may
 * do now. Shapes: engine/docs/form-json.md.
 */
#include "engine/flow/flow_int.h"
#include "engine/org/member.h"

#define TIMELINE_MAX 500

/* In the reader's language. */
static struct str node_title(const struct flow_run *r, struct str key)
{
    return flow_node_title(r->c, r->form, r->def, key);
}

/* ---- nodes ---- */

struct node_state {
    bool open, done;
    int64_t since_us, due_us; /* of the open token: entered; when it is due or the wait is over */
};

static int node_state(struct flow_run *r, struct str key, struct node_state *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(r->c, &q);
    sql_lit(&q, "SELECT t.state, t.entered_at, COALESCE((SELECT MAX(k.due_at) FROM _task k WHERE"
                " k.token = t.id AND k.state = 'open'), (SELECT MIN(j.run_at) FROM _job j WHERE"
                " j.kind = 'flow' AND j.state = 'queued' AND j.subject = t.id))"
                " FROM _flow_token t WHERE t.instance = ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, " AND t.node = ");
    sql_bind_str(&q, key);
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1) {
        bool open = str_eq(stmt_str(s, 0), STR("open"));
        out->open = out->open || open;
        out->done = out->done || str_eq(stmt_str(s, 0), STR("done"));
        if (open) {
            out->since_us = stmt_int(s, 1);
            out->due_us = stmt_int(s, 2);
        }
    }
    stmt_done(s);
    return got;
}

static int node_people_json(struct flow_run *r, struct str key, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct people who = {0};
    sql_init(&q, r->c->a, store_dialect(r->c->store));
    sql_lit(&q,
            "SELECT holder FROM _task WHERE state IN ('open', 'waiting', 'done') AND instance = ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, " AND node = ");
    sql_bind_str(&q, key);
    sql_lit(&q, " ORDER BY id");
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        people_add(r->c->a, &who, stmt_int(s, 0));
    stmt_done(s);
    json_key(out, STR("people"));
    json_begin_list(out);
    for (size_t i = 0; got == 0 && i < who.ids.n; i++)
        got = member_json(r->c, who.ids.v[i], out, err);
    json_end_list(out);
    return got;
}

struct str flow_kind_name(enum node_kind kind)
{
    static const struct str names[] = {
        [NODE_START] = STR("start"),   [NODE_APPROVE] = STR("approve"),
        [NODE_FILL] = STR("fill"),     [NODE_CC] = STR("cc"),
        [NODE_BRANCH] = STR("branch"), [NODE_PARALLEL] = STR("parallel"),
        [NODE_WAIT] = STR("wait"),     [NODE_SCRIPT] = STR("script"),
        [NODE_CREATE] = STR("create"), [NODE_SUBFLOW] = STR("subflow"),
        [NODE_END] = STR("end"),
    };
    return names[kind];
}

struct str flow_mode_name(enum node_mode mode)
{
    static const struct str names[] = {[MODE_ANY] = STR("any"),
                                       [MODE_ALL] = STR("all"),
                                       [MODE_SEQUENCE] = STR("sequence"),
                                       [MODE_VOTE] = STR("vote")};
    return names[mode];
}

static int node_json(struct flow_run *r, const struct flow_node *node, struct json *out,
                     struct err *err)
{
    struct node_state st = {0};
    if (node_state(r, node->key, &st, err) < 0)
        return -1;
    bool start = node->kind == NODE_START;
    struct str state = st.open                             ? STR("now")
                       : st.done || (start && r->instance) ? STR("done")
                                                           : STR("wait");
    if (r->ended && !st.done && !start)
        state = STR("skipped");
    json_begin_obj(out);
    json_kstr(out, "key", node->key);
    json_kstr(out, "title", node_title(r, node->key));
    json_kstr(out, "type", flow_kind_name(node->kind));
    json_kstr(out, "state", state);
    json_kval(out, "since", st.open ? val_instant(st.since_us) : VAL_NONE);
    json_kval(out, "due_at", st.open && st.due_us ? val_instant(st.due_us) : VAL_NONE);
    if (node->kind == NODE_APPROVE || node->kind == NODE_FILL || node->kind == NODE_PARALLEL)
        json_kstr(out, "mode", flow_mode_name(node->mode));
    int rc = node_people_json(r, node->key, out, err);
    json_key(out, STR("next"));
    json_begin_list(out);
    for (size_t i = 0; i < node->nnext; i++)
        json_str(out, node->next[i].to);
    json_end_list(out);
    json_end_obj(out);
    return rc;
}

/* ---- timeline ---- */

struct line {
    int64_t at_us, who;
    struct str node, verb, comment, via;
    int64_t signature;
};

static int timeline_load(struct flow_run *r, struct line **out, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    VEC(struct line) lines = {0};
    struct arena *a = r->c->a;
    ctx_sql(r->c, &q);
    sql_lit(&q, "SELECT e.at, e.who, e.node, e.verb, e.comment, e.via, k.signature"
                " FROM _flow_event e LEFT JOIN _task k ON k.id = e.task AND k.action = e.verb"
                " WHERE e.record = ");
    sql_bind_int(&q, r->record);
    sql_lit(&q, " ORDER BY e.id LIMIT ");
    sql_int(&q, TIMELINE_MAX);
    if (store_query(r->c->db, a, &q, &s, err) < 0)
        return -1;
    int got;
    while ((got = stmt_step(s, err)) == 1)
        vec_push(a, &lines,
                 (struct line){stmt_int(s, 0), stmt_int(s, 1), str_dup(a, stmt_str(s, 2)),
                               str_dup(a, stmt_str(s, 3)), str_dup(a, stmt_str(s, 4)),
                               str_dup(a, stmt_str(s, 5)), stmt_int(s, 6)});
    stmt_done(s);
    *out = lines.v;
    *n = lines.n;
    return got;
}

static int timeline_json(struct flow_run *r, struct json *out, struct err *err)
{
    struct line *lines;
    size_t n;
    int got = timeline_load(r, &lines, &n, err);
    json_key(out, STR("timeline"));
    json_begin_list(out);
    for (size_t i = 0; got == 0 && i < n; i++) {
        const struct line *l = &lines[i];
        json_begin_obj(out);
        json_kval(out, "at", val_instant(l->at_us));
        json_key(out, STR("by"));
        got = member_json(r->c, l->who, out, err);
        json_kval(out, "node", val_text(l->node));
        json_kval(out, "title", val_text(l->node.n ? node_title(r, l->node) : STR_NONE));
        json_kstr(out, "action", l->verb);
        json_kval(out, "comment", val_text(l->comment));
        json_kval(out, "signature",
                  l->signature ? val_ref(r->c->a, l->signature, STR_NONE) : VAL_NONE);
        json_kbool(out, "auto",
                   str_eq(l->verb, STR("same_person")) || str_eq(l->via, STR("timer")));
        json_end_obj(out);
    }
    json_end_list(out);
    return got;
}

/* ---- the caller's task ---- */

static const struct {
    struct str name;
    enum flow_action bit;
} action_names[] = {
    {STR("approve"), ACT_APPROVE},   {STR("reject"), ACT_REJECT},     {STR("return"), ACT_RETURN},
    {STR("transfer"), ACT_TRANSFER}, {STR("add_sign"), ACT_ADD_SIGN},
};

static void return_targets(const struct flow_run *r, const struct action_rule *rule,
                           struct json *out)
{
    json_key(out, STR("to"));
    json_begin_list(out);
    for (size_t i = 0; i < MAX(rule->nto, (size_t)1); i++) {
        struct str key = rule->nto ? rule->to[i] : STR("start");
        json_begin_obj(out);
        json_kstr(out, "key", key);
        json_kstr(out, "title", node_title(r, key));
        json_end_obj(out);
    }
    json_end_list(out);
}

static void actions_json(const struct flow_run *r, const struct flow_node *node, struct json *out)
{
    unsigned may = node->kind == NODE_START ? ACT_APPROVE : node->actions;
    json_key(out, STR("actions"));
    json_begin_list(out);
    for (size_t i = 0; i < ARRAY_LEN(action_names); i++) {
        if (!(may & action_names[i].bit))
            continue;
        const struct action_rule *rule = &node->rules[__builtin_ctz((unsigned)action_names[i].bit)];
        json_begin_obj(out);
        json_kstr(out, "action", action_names[i].name);
        json_kstr(out, "comment", rule->comment_required ? STR("required") : STR("optional"));
        if (rule->signature)
            json_kstr(out, "signature",
                      rule->signature_required ? STR("required") : STR("optional"));
        if (action_names[i].bit == ACT_RETURN)
            return_targets(r, rule, out);
        json_end_obj(out);
    }
    json_end_list(out);
}

static void node_fields_json(const struct flow_run *r, const struct flow_node *node,
                             struct json *out)
{
    static const struct str names[] = {[FIELD_UNSET] = STR(""),
                                       [FIELD_HIDDEN] = STR("hidden"),
                                       [FIELD_MASKED] = STR("masked"),
                                       [FIELD_READ] = STR("read"),
                                       [FIELD_WRITE] = STR("write")};
    json_key(out, STR("fields"));
    json_begin_obj(out);
    for (size_t i = 0; node->fields && i < r->form->nfields; i++) {
        if (node->fields[i] == FIELD_UNSET || node->fields[i] > FIELD_WRITE)
            continue;
        json_key(out, r->form->fields[i]->key);
        json_str(out, names[node->fields[i]]);
    }
    json_end_obj(out);
}

static int my_task_json(struct flow_run *r, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct task_row t = {0};
    int64_t opened = 0, due = 0;
    sql_init(&q, r->c->a, store_dialect(r->c->store));
    sql_lit(&q,
            "SELECT id, node, opened_at, due_at FROM _task WHERE state = 'open' AND kind <> 'cc'"
            " AND record = ");
    sql_bind_int(&q, r->record);
    sql_lit(&q, " AND (holder = ");
    sql_bind_int(&q, r->c->who->id);
    sql_lit(&q, " OR on_behalf = ");
    sql_bind_int(&q, r->c->who->id);
    sql_lit(&q, ") ORDER BY id LIMIT 1");
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1) {
        t = (struct task_row){.id = stmt_int(s, 0), .node = str_dup(r->c->a, stmt_str(s, 1))};
        opened = stmt_int(s, 2);
        due = stmt_int(s, 3);
    }
    stmt_done(s);
    json_key(out, STR("task"));
    const struct flow_node *node = got == 1 ? flow_node(r->def, t.node) : NULL;
    if (!node) {
        json_blank(out);
        return got < 0 ? -1 : 0;
    }
    char id[16];
    json_begin_obj(out);
    json_kstr(out, "id", id_print(t.id, id));
    json_kstr(out, "node", t.node);
    json_kstr(out, "title", node_title(r, t.node));
    json_kval(out, "due_at", due ? val_instant(due) : VAL_NONE);
    json_kval(out, "since", val_instant(opened));
    actions_json(r, node, out);
    node_fields_json(r, node, out);
    json_end_obj(out);
    return 0;
}

static int can_json(struct flow_run *r, struct json *out, struct err *err)
{
    int withdraw = r->ended || !r->instance ? 0 : flow_may_withdraw(r, err);
    if (withdraw < 0)
        return -1;
    json_key(out, STR("can"));
    json_begin_list(out);
    bool mine = !r->ended && r->instance && r->initiator && r->c->who->id == r->initiator;
    if (withdraw)
        json_str(out, STR("withdraw"));
    if (mine)
        json_str(out, STR("urge"));
    bool operate = r->instance && (r->c->who->rights & ADMIN_OPERATE);
    if (!r->ended && operate) {
        json_str(out, STR("stop"));
        json_str(out, STR("jump"));
    }
    int anew = r->instance ? flow_may_restart(r, err) : 0;
    if (anew > 0)
        json_str(out, STR("restart"));
    json_end_list(out);
    return anew < 0 ? -1 : 0;
}

/* ---- the whole ---- */

static void no_flow_json(struct json *out)
{
    static const struct str lists[] = {STR("nodes"), STR("timeline"), STR("can")};
    json_begin_obj(out);
    json_key(out, STR("state"));
    json_blank(out);
    json_key(out, STR("task"));
    json_blank(out);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        json_key(out, lists[i]);
        json_begin_list(out);
        json_end_list(out);
    }
    json_end_obj(out);
}

static int running_json(struct flow_run *r, struct json *out, struct err *err)
{
    if (run_reload(r, err) < 0)
        return -1;
    json_begin_obj(out);
    json_kval(out, "state", r->rec.v[r->form->nfields + SYS_STATE]);
    json_kint(out, "version", r->form->app->n);
    json_key(out, STR("nodes"));
    json_begin_list(out);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->def->nnodes; i++)
        rc = node_json(r, &r->def->nodes[i], out, err);
    json_end_list(out);
    if (rc == 0)
        rc = timeline_json(r, out, err);
    if (rc == 0)
        rc = my_task_json(r, out, err);
    if (rc == 0)
        rc = can_json(r, out, err);
    json_end_obj(out);
    return rc;
}

int flow_json(struct ctx *c, const struct form *f, int64_t id, struct json *out, struct err *err)
{
    const uint8_t *fields;
    int visible = record_can(c, f, id, RIGHT_READ, err);
    if (visible == 0)
        visible = flow_task_read(c, f, id, &fields, err);
    if (visible <= 0)
        return visible;
    struct flow_run r;
    int found = f->flow ? fs_instance_load(c, f, id, false, &r, err) : 0;
    if (found < 0)
        return -1;
    if (found == 0) {
        no_flow_json(out);
        return 1;
    }
    return running_json(&r, out, err) < 0 ? -1 : 1;
}

/* ---- the approval sheet ---- */

static const struct {
    struct str verb;
    struct str zh, en;
} decisions[] = {
    {STR("submit"), STR("提交"), STR("Submitted")},
    {STR("approve"), STR("同意"), STR("Approved")},
    {STR("reject"), STR("拒绝"), STR("Rejected")},
    {STR("return"), STR("退回"), STR("Returned")},
    {STR("transfer"), STR("转交"), STR("Handed over")},
    {STR("add_sign"), STR("加签"), STR("Signers added")},
    {STR("same_person"), STR("自动通过（同一人）"), STR("Passed (same person)")},
    {STR("withdraw"), STR("撤回"), STR("Withdrawn")},
    {STR("stop"), STR("终止"), STR("Stopped")},
    {STR("jump"), STR("跳转"), STR("Moved on by an operator")},
    {STR("restart"), STR("重新发起"), STR("Started anew")},
};

static struct str decision_name(const struct ctx *c, struct str verb)
{
    for (size_t i = 0; i < ARRAY_LEN(decisions); i++)
        if (str_eq(decisions[i].verb, verb))
            return c->lang == LANG_EN ? decisions[i].en : decisions[i].zh;
    return STR_NONE;
}

static int decision_of(const struct flow_run *r, const struct line *l, struct decision *out,
                       struct err *err)
{
    *out = (struct decision){.node = l->node.n ? node_title(r, l->node) : STR_NONE,
                             .action = decision_name(r->c, l->verb),
                             .comment = l->comment,
                             .signature = l->signature,
                             .at_us = l->at_us};
    return l->who && out->action.n ? member_title(r->c, l->who, &out->who, err) : 0;
}

int flow_decisions(struct ctx *c, const struct form *f, int64_t id, struct decision **out,
                   size_t *n, struct err *err)
{
    struct flow_run r;
    struct line *lines;
    size_t count = 0;
    *n = 0;
    int found = f->flow ? fs_instance_load(c, f, id, false, &r, err) : 0;
    if (found <= 0)
        return found;
    if (timeline_load(&r, &lines, &count, err) < 0)
        return -1;
    *out = ARENA_ARRAY(c->a, struct decision, count);
    for (size_t i = 0; i < count; i++) {
        if (decision_of(&r, &lines[i], &(*out)[*n], err) < 0)
            return -1;
        *n += (*out)[*n].action.n > 0;
    }
    return 0;
}
