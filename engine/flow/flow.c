/*
 * The verbs of an approval: submit, the actions on a task (a table), the actions on the record.
 * Each runs inside the caller's write job and is all or nothing.
 */
#include "engine/flow/flow_int.h"
#include "engine/org/member.h"
#include "engine/record/access.h"

#define SIGNERS_MAX 20

static const struct lane no_lane = {0};

/* ---- submit ---- */

/* `start.can`: the roles that may submit; none said: whoever may create. What another flow starts
 * (create, subflow) is that flow's right. */
static int may_start(const struct ctx *c, const struct form *f, struct err *err)
{
    bool may = f->flow->ncan == 0 || ctx_is_system(c) || c->via == VIA_FLOW;
    for (size_t i = 0; i < f->flow->ncan; i++)
        may = may || who_has_role(c->who, f->app->key, f->flow->can[i]);
    if (may)
        return 0;
    return err_set(err, ERR_DENIED, "not_allowed", "您的角色不能提交“%.*s”。",
                   "Your role may not submit “%.*s”.", STR_ARG(f->title));
}

int flow_submit(struct ctx *c, const struct rec *rec, struct err *err)
{
    const struct form *live = rec->form;
    if (may_start(c, live, err) < 0)
        return -1;
    struct diags diags;
    diags_init(&diags, c->a);
    struct flow_run r = {
        .c = c,
        .live = live,
        .form = live,
        .def = live->flow,
        .record = rec->id,
        .initiator = c->who->kind == WHO_MEMBER ? c->who->id : 0,
        .round = 1,
        .diags = &diags,
    };
    struct flow_event ev = {.verb = STR("submit"), .node = STR("start")};
    if (run_reload(&r, err) < 0 || fs_instance_add(&r, err) < 0 || fs_event(&r, &ev, err) < 0 ||
        step_leave(&r, &r.def->nodes[0], no_lane, err) < 0)
        return -1;
    return r.ended ? 0 : step_store_state(&r, STR("running"), err);
}

/* ---- locks and reading ---- */

static struct str rec_state(const struct rec *rec)
{
    return val_str(rec->v[rec->form->nfields + SYS_STATE]);
}

/* Whoever submitted it, or has its task of node start. 1, 0, -1. */
static int came_back_to(struct ctx *c, const struct rec *old, struct err *err)
{
    struct val by = old->v[old->form->nfields + SYS_CREATED_BY];
    struct sql q;
    int64_t one;
    if (c->who->kind != WHO_MEMBER)
        return 0;
    if (by.kind == VAL_REF && by.ref->id == c->who->id)
        return 1;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM _task WHERE kind = 'start' AND state = 'open' AND record = ");
    sql_bind_int(&q, old->id);
    sql_lit(&q, " AND holder = ");
    sql_bind_int(&q, c->who->id);
    return store_get_int(c->db, c->a, &q, &one, err);
}

/* A running record is the flow's; a returned one its initiator's. */
int flow_lock(struct ctx *c, const struct rec *old, struct err *err)
{
    struct str state = rec_state(old);
    if (str_eq(state, STR("returned"))) {
        int his = came_back_to(c, old, err);
        if (his != 0)
            return his < 0 ? -1 : 0;
    } else if (!str_eq(state, STR("running"))) {
        return 0;
    }
    return err_set(err, ERR_LOCKED, "locked", "审批进行中，记录不能修改。",
                   "An approval is running; the record cannot be changed.");
}

int flow_task_read(struct ctx *c, const struct form *f, int64_t id, const uint8_t **fields,
                   struct err *err)
{
    struct sql q;
    struct stmt *s;
    *fields = NULL;
    if (!f->flow || c->who->kind != WHO_MEMBER)
        return 0;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT node FROM _task WHERE record = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND (holder = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " OR on_behalf = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, ") AND state IN ('open', 'done') ORDER BY state DESC, id DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err) < 0)
        return -1;
    int got = stmt_step(s, err);
    if (got == 1) {
        const struct flow_node *node = flow_node(f->flow, stmt_str(s, 0));
        *fields = node ? node->fields : NULL;
    }
    stmt_done(s);
    return got;
}

/* ---- actions on a task ---- */

struct acting {
    struct flow_run r;
    struct task_row task;
    const struct flow_node *node;
    const struct task_act *act;
    struct lane lane;
};

typedef int act_fn(struct acting *x, struct err *err);

static int already_done(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "task_done", "这个待办已经处理过了。",
                   "This task was already handled.");
}

/* A signature that would be swept away as nobody's file is refused rather than lost. */
static int keep_signature(struct acting *x, struct err *err)
{
    if (!x->act->signature)
        return 0;
    int kept = fs_signature(&x->r, x->act->signature, err);
    if (kept != 0)
        return kept < 0 ? -1 : 0;
    err_set(err, ERR_INVALID, "signature", "签名应是您刚上传的图片。",
            "A signature must be a picture that you have just uploaded.");
    err_at(err, "signature");
    return -1;
}

/* Takes the task; the second of two gets a conflict and nothing happens twice. */
static int take(struct acting *x, struct str action, struct err *err)
{
    struct task_close t = {.task = x->task.id,
                           .state = STR("done"),
                           .action = action,
                           .comment = x->act->comment,
                           .signature = x->act->signature};
    int mine = fs_task_close(&x->r, &t, err);
    if (mine == 0)
        return already_done(err);
    if (mine > 0 && keep_signature(x, err) < 0)
        return -1;
    struct flow_event ev = {
        .verb = action, .node = x->task.node, .task = x->task.id, .comment = x->act->comment};
    return mine < 0 ? -1 : fs_event(&x->r, &ev, err);
}

static int write_edits(struct acting *x, struct err *err)
{
    if (x->act->values.kind != VAL_OBJ || x->act->values.n == 0)
        return 0;
    bool own = str_eq(x->task.kind, STR("start")); /* the initiator corrects what came back */
    struct rec_write w = {
        .op = REC_UPDATE,
        .form = x->r.live,
        .id = x->r.record,
        .values = x->act->values,
        .no_version = true,
        .mode = WRITE_LOCKED_OK | (own ? WRITE_USER : WRITE_OWN_RIGHT),
        .node_fields = own || !x->node ? NULL : x->node->fields,
        .node_sub_fields = own || !x->node ? NULL : x->node->sub_fields,
    };
    if (!own && (!x->node || !x->node->fields))
        return err_set(err, ERR_DENIED, "field_not_writable", "此节点不能修改字段。",
                       "No field can be changed at this node.");
    if (record_write(x->r.c, &w, NULL, x->r.diags, err) < 0)
        return -1;
    return run_reload(&x->r, err);
}

static int node_check(struct acting *x, struct err *err)
{
    if (!x->node || !x->node->check)
        return 0;
    int ok = rec_true(x->r.c, x->node->check, &x->r.rec, NULL, err);
    if (ok != 0)
        return ok < 0 ? -1 : 0;
    diag_field(x->r.diags, STR_NONE, "check", "%.*s", "%.*s", STR_ARG(x->node->check_message));
    return err_set(err, ERR_INVALID, "validation", "数据未通过检查。", "The data was refused.");
}

/* A decision was taken: waits, goes on, or is refused. */
static int decide(struct acting *x, struct err *err)
{
    enum settled how;
    if (settle(&x->r, x->node, &x->task, &how, err) < 0)
        return -1;
    switch (how) {
    case SETTLE_WAIT: return 0;
    case SETTLE_PASS: return step_pass(&x->r, x->node, x->task.token, err);
    case SETTLE_REFUSE: break;
    }
    return step_refuse(&x->r, x->node, x->task.token, err);
}

/* ---- resubmitting what was returned ---- */

static int resubmit(struct acting *x, struct err *err)
{
    struct flow_run *r = &x->r;
    const struct flow_node *to = x->lane.resume.n ? flow_node(r->def, x->lane.resume) : NULL;
    r->round++;
    if (fs_token_close(r, x->task.token, STR("done"), err) < 0 ||
        fs_instance_state(r, STR("running"), err) < 0)
        return -1;
    return to ? step_enter(r, to, no_lane, err) : step_leave(r, &r->def->nodes[0], no_lane, err);
}

static int act_member(struct acting *x, struct val v, int64_t *id, struct err *err)
{
    struct principal who;
    bool ok = id_parse(val_str(v.kind == VAL_OBJ ? val_get(v, STR("id")) : v), id);
    int found = ok ? member_load(x->r.c, *id, &who, err) : 0;
    if (found == 0) {
        err_set(err, ERR_INVALID, "member", "没有这位成员。", "There is no such member.");
        err_at(err, "to");
    }
    return found > 0 ? 0 : -1;
}

/* Those whom the one who approves picked for a later node ({picks: this node}). */
static int keep_picks(struct acting *x, struct err *err)
{
    struct val to = x->act->to;
    struct flow_event ev = {.verb = STR("pick"), .node = x->task.node, .task = x->task.id};
    if (to.kind != VAL_LIST || to.n == 0)
        return 0;
    if (to.n > SIGNERS_MAX)
        return err_set(err, ERR_INVALID, "picks", "最多选择 %d 位成员。",
                       "At most %d members can be picked.", SIGNERS_MAX);
    struct val *ids = ARENA_ARRAY(x->r.c->a, struct val, to.n);
    for (uint32_t i = 0; i < to.n; i++) {
        int64_t id;
        char buf[16];
        if (act_member(x, to.list[i], &id, err) < 0)
            return -1;
        ids[i] = val_text(str_dup(x->r.c->a, id_print(id, buf)));
    }
    ev.data = val_list(ids, to.n);
    return fs_event(&x->r, &ev, err);
}

static int act_approve(struct acting *x, struct err *err)
{
    if (write_edits(x, err) < 0 || keep_picks(x, err) < 0)
        return -1;
    if (str_eq(x->task.kind, STR("start")))
        return take(x, STR("submit"), err) < 0 ? -1 : resubmit(x, err);
    if (node_check(x, err) < 0 || take(x, STR("approve"), err) < 0)
        return -1;
    return decide(x, err);
}

static const struct action_rule *rule_of(const struct acting *x, enum flow_action action)
{
    return &x->node->rules[__builtin_ctz((unsigned)action)];
}

/* 1 the one who acts has a veto at this node, 0, -1. */
static int has_veto(struct acting *x, struct err *err)
{
    struct people veto = {0};
    if (assign_people(&x->r, x->node->veto, x->node->nveto, &veto, err) < 0)
        return -1;
    for (size_t i = 0; i < veto.ids.n; i++)
        if (veto.ids.v[i] == x->task.holder)
            return 1;
    return 0;
}

static int act_reject(struct acting *x, struct err *err)
{
    if (take(x, STR("reject"), err) < 0)
        return -1;
    int veto = x->node->mode == MODE_VOTE ? has_veto(x, err) : 1;
    if (veto < 0)
        return -1;
    return veto ? step_refuse(&x->r, x->node, x->task.token, err) : decide(x, err);
}

static bool may_return_to(const struct acting *x, struct str node)
{
    const struct action_rule *rule = rule_of(x, ACT_RETURN);
    for (size_t i = 0; i < rule->nto; i++)
        if (str_eq(rule->to[i], node))
            return true;
    return rule->nto == 0 && str_eq(node, STR("start"));
}

/* The initiator gets a task of node start. "here" comes straight back: to this node, out of a
 * branch to its parallel node, for the other branches were cancelled. */
static int return_to_start(struct acting *x, struct err *err)
{
    struct flow_run *r = &x->r;
    int64_t id;
    struct lane lane = {0};
    struct str fork = STR_NONE;
    struct task_spec t = {
        .node = STR("start"), .kind = STR("start"), .state = STR("open"), .holder = r->initiator};
    struct flow_event ev = {.verb = STR("cancel_branches")};
    if (lane_outermost(r, x->task.token, &fork, err) < 0)
        return -1;
    ev.node = fork;
    if ((fork.n && fs_event(r, &ev, err) < 0) || fs_cancel_all(r, err) < 0)
        return -1;
    if (str_eq(x->act->resume, STR("here")))
        lane.resume = fork.n ? fork : x->task.node;
    if (fs_token_add(r, STR("start"), lane, &t.token, err) < 0 ||
        fs_task_add(r, &t, &id, err) < 0 || fs_instance_state(r, STR("returned"), err) < 0)
        return -1;
    return step_store_state(r, STR("returned"), err);
}

/* To the initiator, or to an earlier node. */
static int act_return(struct acting *x, struct err *err)
{
    struct str to = val_str(x->act->to);
    if (!to.n)
        to = STR("start");
    if (!may_return_to(x, to)) {
        err_set(err, ERR_INVALID, "return_to", "不能退回到“%.*s”。",
                "It cannot be returned to \"%.*s\".", STR_ARG(to));
        err_at(err, "to");
        return -1;
    }
    if (take(x, STR("return"), err) < 0)
        return -1;
    return str_eq(to, STR("start")) ? return_to_start(x, err)
                                    : lane_go(&x->r, x->task.token, flow_node(x->r.def, to), err);
}

/* Nobody gets a second seat at a node that asks each of its people. */
static int no_seat_yet(struct acting *x, int64_t member, struct err *err)
{
    struct task_row seat;
    struct str name = STR_NONE;
    int has = x->task.token ? fs_seat(&x->r, x->task.token, member, &seat, err) : 0;
    if (has <= 0)
        return has;
    if (member_title(x->r.c, member, &name, err) < 0)
        return -1;
    err_set(err, ERR_INVALID, "has_task", "%.*s 已是此节点的处理人，请选择别人。",
            "%.*s already handles this node; choose somebody else.", STR_ARG(name));
    err_at(err, "to");
    return -1;
}

static int act_transfer(struct acting *x, struct err *err)
{
    int64_t to, id;
    if (act_member(x, x->act->to, &to, err) < 0)
        return -1;
    if (to == x->task.holder)
        return err_set(err, ERR_INVALID, "transfer_self", "不能转交给自己。",
                       "It cannot be handed to yourself.");
    if (no_seat_yet(x, to, err) < 0 || take(x, STR("transfer"), err) < 0)
        return -1;
    struct task_spec t = {.node = x->task.node,
                          .kind = x->task.kind,
                          .state = STR("open"),
                          .token = x->task.token,
                          .holder = to,
                          .parent = x->task.placed.n ? x->task.parent : x->task.id,
                          .placed = x->task.placed,
                          .pos = x->task.pos};
    return fs_task_add(&x->r, &t, &id, err) < 0 ? -1
                                                : fs_signers_follow(&x->r, x->task.id, id, err);
}

/* Beside: more people of the same node. Before: they sign first, then this task comes back. After:
 * they sign once this one has approved. */
static int act_add_sign(struct acting *x, struct err *err)
{
    struct val to = x->act->to;
    struct str where = x->act->where.n ? x->act->where : STR("beside");
    bool before = str_eq(where, STR("before")), after = str_eq(where, STR("after"));
    struct flow_event ev = {.verb = STR("add_sign"),
                            .node = x->task.node,
                            .task = x->task.id,
                            .comment = x->act->comment};
    if (!before && !after && !str_eq(where, STR("beside")))
        return err_set(err, ERR_INVALID, "where", "加签位置应为 before、after 或 beside。",
                       "Signers are added before, after or beside.");
    if (to.kind != VAL_LIST || to.n == 0 || to.n > SIGNERS_MAX)
        return err_set(err, ERR_INVALID, "add_sign", "请选择 1 至 20 位加签人。",
                       "Choose between 1 and 20 people to sign too.");
    if (before) {
        int paused = fs_task_pause(&x->r, x->task.id, err);
        if (paused <= 0)
            return paused < 0 ? -1 : already_done(err);
    }
    for (uint32_t i = 0; i < to.n; i++) {
        int64_t member, id;
        if (act_member(x, to.list[i], &member, err) < 0 || no_seat_yet(x, member, err) < 0)
            return -1;
        struct task_spec t = {.node = x->task.node,
                              .kind = x->task.kind,
                              .token = x->task.token,
                              .state = after ? STR("waiting") : STR("open"),
                              .holder = member,
                              .parent = x->task.id,
                              .placed = where,
                              .pos = x->task.pos};
        if (fs_task_add(&x->r, &t, &id, err) < 0)
            return -1;
    }
    return fs_event(&x->r, &ev, err);
}

/* ---- dispatch ---- */

struct action_row {
    struct str name;
    enum flow_action bit;
    act_fn *fn;
};

static const struct action_row actions[] = {
    {STR("approve"), ACT_APPROVE, act_approve},    {STR("reject"), ACT_REJECT, act_reject},
    {STR("return"), ACT_RETURN, act_return},       {STR("transfer"), ACT_TRANSFER, act_transfer},
    {STR("add_sign"), ACT_ADD_SIGN, act_add_sign},
};

static const struct action_row *action_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (str_eq(actions[i].name, name))
            return &actions[i];
    return NULL;
}

static const struct form *task_form(struct ctx *c, const struct task_row *t)
{
    if (!c->app || !str_eq(c->app->key, t->app))
        return NULL;
    return app_form(c->app, t->form);
}

/* The task, its instance and node; invisible tasks are like absent ones. */
static int acting_load(struct ctx *c, const struct task_act *act, struct acting *x, struct err *err)
{
    x->act = act;
    int found = fs_task_load(c, act->task, &x->task, err);
    if (found < 0)
        return -1;
    bool mine = found && (ctx_is_system(c) || x->task.holder == c->who->id ||
                          (x->task.on_behalf && x->task.on_behalf == c->who->id));
    const struct form *live = mine ? task_form(c, &x->task) : NULL;
    if (!live || str_eq(x->task.kind, STR("cc")))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个待办。", "There is no such task.");
    if (!str_eq(x->task.state, STR("open")))
        return already_done(err);
    found = fs_instance_load(c, live, x->task.record, true, &x->r, err);
    if (found == 0)
        return already_done(err);
    if (found < 0 || run_reload(&x->r, err) < 0)
        return -1;
    x->node = flow_node(x->r.def, x->task.node);
    return x->task.token ? fs_token_lane(&x->r, x->task.token, &x->lane, err) : 0;
}

static int check_action(const struct acting *x, const struct action_row *row, struct err *err)
{
    bool start = str_eq(x->task.kind, STR("start"));
    bool allowed = row && (start ? row->bit == ACT_APPROVE : (x->node->actions & row->bit) != 0);
    if (!allowed) {
        err_set(err, ERR_INVALID, "action", "此节点没有这个操作。",
                "This node has no such action.");
        err_at(err, "action");
        return -1;
    }
    if (start)
        return 0;
    const struct action_rule *rule = rule_of(x, row->bit);
    if (rule->comment_required && !str_trim(x->act->comment).n) {
        err_set(err, ERR_INVALID, "required", "请填写意见。", "Please give a comment.");
        err_at(err, "comment");
        return -1;
    }
    if (rule->signature_required && !x->act->signature) {
        err_set(err, ERR_INVALID, "required", "请手写签名。", "Please sign by hand.");
        err_at(err, "signature");
        return -1;
    }
    return 0;
}

/* One task, by the one who waits for it: to anybody else it does not exist. */
static int urge_task(struct ctx *c, const struct task_act *act, struct err *err)
{
    struct task_row t;
    struct flow_run r;
    int found = fs_task_load(c, act->task, &t, err);
    const struct form *live = found > 0 ? task_form(c, &t) : NULL;
    if (live)
        found = fs_instance_load(c, live, t.record, false, &r, err);
    if (found < 0)
        return -1;
    if (!live || !found || r.instance != t.instance || c->who->id != r.initiator ||
        str_eq(t.kind, STR("cc")))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个待办。", "There is no such task.");
    if (!str_eq(t.state, STR("open")))
        return already_done(err);
    struct flow_event ev = {
        .verb = STR("urge"), .node = t.node, .task = t.id, .comment = act->comment};
    return fs_urge(&r, t.id, err) < 0 ? -1 : fs_event(&r, &ev, err);
}

int flow_act(struct ctx *c, const struct task_act *act, struct diags *diags, struct err *err)
{
    struct acting x = {0};
    if (str_eqz(act->action, "urge"))
        return urge_task(c, act, err);
    if (acting_load(c, act, &x, err) < 0)
        return -1;
    x.r.diags = diags;
    const struct action_row *row = action_find(act->action);
    if (check_action(&x, row, err) < 0 || row->fn(&x, err) < 0)
        return -1;
    bool returned = str_eq(rec_state(&x.r.rec), STR("returned")) && row->bit == ACT_RETURN;
    bool stored = x.r.ended || returned;
    return stored ? 0 : step_store_state(&x.r, STR("running"), err);
}

/* ---- actions on the record ---- */

static struct str comment_of(const struct record_act *act)
{
    return val_str(val_get(act->body, STR("comment")));
}

/* Withdrawing is an action of the nodes where the flow stands; of a returned record always. */
int flow_may_withdraw(struct flow_run *r, struct err *err)
{
    struct val open;
    if (r->initiator == 0 || r->c->who->id != r->initiator)
        return 0;
    if (fs_node_list(r, &open, err) < 0)
        return -1;
    for (uint32_t i = 0; i < open.n; i++) {
        const struct flow_node *node = flow_node(r->def, val_str(open.list[i]));
        if (node && (node->kind == NODE_START || (node->actions & ACT_WITHDRAW)))
            return 1;
    }
    return 0;
}

static int withdraw(struct flow_run *r, const struct record_act *act, struct err *err)
{
    struct flow_event ev = {.verb = STR("withdraw"), .comment = comment_of(act)};
    int may = flow_may_withdraw(r, err);
    if (may == 0)
        return err_set(
            err, ERR_DENIED, "not_allowed", "现在不能撤回：只有发起人可以，且当前节点要允许撤回。",
            "It cannot be withdrawn now: only the one who submitted it may, where the node "
            "allows it.");
    return may < 0 || fs_event(r, &ev, err) < 0 ? -1 : step_end(r, STR("withdrawn"), err);
}

static int urge(struct flow_run *r, const struct record_act *act, struct err *err)
{
    struct flow_event ev = {.verb = STR("urge"), .comment = comment_of(act)};
    if (r->c->who->id != r->initiator)
        return err_set(err, ERR_DENIED, "not_initiator", "只有发起人可以催办。",
                       "Only the one who submitted it can urge.");
    return fs_urge(r, 0, err) < 0 ? -1 : fs_event(r, &ev, err);
}

/* Stopping, jumping and starting anew are for those who operate the system. */
static int may_operate(const struct ctx *c, struct err *err)
{
    if ((c->who->rights & ADMIN_OPERATE) || ctx_is_system(c))
        return 0;
    return err_set(err, ERR_DENIED, "not_allowed", "没有管理流程的权限。",
                   "You may not manage running flows.");
}

static int stop(struct flow_run *r, const struct record_act *act, struct err *err)
{
    struct flow_event ev = {.verb = STR("stop"), .comment = comment_of(act)};
    if (may_operate(r->c, err) < 0)
        return -1;
    return fs_event(r, &ev, err) < 0 ? -1 : step_end(r, STR("stopped"), err);
}

/* To any node, from wherever it stands. */
static int jump(struct flow_run *r, const struct record_act *act, struct err *err)
{
    struct str key = val_str(val_get(act->body, STR("to")));
    const struct flow_node *to = flow_node(r->def, key);
    struct flow_event ev = {
        .verb = STR("jump"), .node = key, .comment = comment_of(act), .data = val_text(key)};
    if (may_operate(r->c, err) < 0)
        return -1;
    if (!to || to->kind == NODE_START) {
        err_set(err, ERR_INVALID, "jump_to", "流程里没有可以跳转到的节点“%.*s”。",
                "The flow has no node “%.*s” to go to.", STR_ARG(key));
        err_at(err, "to");
        return -1;
    }
    if (fs_event(r, &ev, err) < 0 || fs_cancel_all(r, err) < 0 ||
        fs_instance_state(r, STR("running"), err) < 0 || step_enter(r, to, no_lane, err) < 0)
        return -1;
    return r->ended ? 0 : step_store_state(r, STR("running"), err);
}

static const struct {
    struct str name;
    int (*fn)(struct flow_run *r, const struct record_act *act, struct err *err);
} record_actions[] = {
    {STR("withdraw"), withdraw}, {STR("urge"), urge}, {STR("stop"), stop}, {STR("jump"), jump}};

/* ---- anew ---- */

/* Whoever operates, always; the initiator once his approval came to nothing. */
int flow_may_restart(struct flow_run *r, struct err *err)
{
    static const struct str over[] = {STR("rejected"), STR("withdrawn"), STR("stopped")};
    struct str state = rec_state(&r->rec);
    bool may = r->initiator && r->c->who->id == r->initiator && r->ended;
    (void)err;
    if ((r->c->who->rights & ADMIN_OPERATE) || ctx_is_system(r->c))
        return 1;
    for (size_t i = 0; may && i < ARRAY_LEN(over); i++)
        if (str_eq(state, over[i]))
            return 1;
    return 0;
}

/* A new instance on the version that runs today; a running one is stopped. */
static int restart(struct ctx *c, const struct record_act *act, struct diags *diags,
                   struct err *err)
{
    struct flow_run old, r;
    struct flow_event ev = {
        .verb = STR("restart"), .node = STR("start"), .comment = comment_of(act)};
    int found = fs_instance_load(c, act->form, act->id, false, &old, err);
    if (found == 0)
        return err_set(err, ERR_CONFLICT, "no_flow", "此记录还没有提交过。",
                       "This record was never submitted.");
    if (found < 0 || run_reload(&old, err) < 0)
        return -1;
    int may = flow_may_restart(&old, err);
    if (may == 0)
        return err_set(err, ERR_DENIED, "not_allowed", "现在不能重新发起。",
                       "It cannot be started anew now.");
    old.diags = diags;
    bool running = !old.ended;
    if (may < 0 || (running && (fs_cancel_all(&old, err) < 0 ||
                                fs_instance_end(&old, STR("stopped"), err) < 0)))
        return -1;
    r = (struct flow_run){.c = c,
                          .live = act->form,
                          .form = act->form,
                          .def = act->form->flow,
                          .record = act->id,
                          .initiator = old.initiator,
                          .round = 1,
                          .diags = diags};
    if (fs_instance_add(&r, err) < 0 || run_reload(&r, err) < 0 || fs_event(&r, &ev, err) < 0 ||
        (running && fs_instance_reparent(&old, &r, err) < 0) ||
        step_leave(&r, &r.def->nodes[0], no_lane, err) < 0)
        return -1;
    return r.ended ? 0 : step_store_state(&r, STR("running"), err);
}

/* A draft becomes a record; its values may come along. */
static int submit_draft(struct ctx *c, const struct record_act *act, struct diags *diags,
                        struct err *err)
{
    struct val values = val_get(act->body, STR("values"));
    struct rec_write w = {.op = REC_UPDATE,
                          .form = act->form,
                          .id = act->id,
                          .no_version = true,
                          .submit = true,
                          .values = values.kind == VAL_OBJ ? values : val_obj(NULL, 0)};
    w.values.kind = VAL_OBJ;
    return record_write(c, &w, NULL, diags, err);
}

/* A record that the caller may see; one who operates manages flows of rows he need not read. */
static int must_see(struct ctx *c, const struct record_act *act, struct err *err)
{
    int visible = record_can(c, act->form, act->id, RIGHT_READ, err);
    if (visible < 0)
        return -1;
    if (visible || (c->who->rights & ADMIN_OPERATE))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "not_found", "记录不存在。", "The record does not exist.");
}

/* Its open instance. */
static int acting_on(struct ctx *c, const struct record_act *act, struct flow_run *r,
                     struct err *err)
{
    int found = fs_instance_load(c, act->form, act->id, true, r, err);
    if (found == 0)
        return err_set(err, ERR_CONFLICT, "flow_ended", "流程已经结束。",
                       "The flow has already ended.");
    return found < 0 || run_reload(r, err) < 0 ? -1 : 0;
}

int flow_record_act(struct ctx *c, const struct record_act *act, struct diags *diags,
                    struct err *err)
{
    struct flow_run r;
    if (!act->form->flow)
        return err_set(err, ERR_NOT_FOUND, "not_found", "此表单没有流程。",
                       "This form has no flow.");
    if (str_eq(act->action, STR("submit")))
        return submit_draft(c, act, diags, err);
    if (must_see(c, act, err) < 0)
        return -1;
    if (str_eq(act->action, STR("restart")))
        return restart(c, act, diags, err);
    if (acting_on(c, act, &r, err) < 0)
        return -1;
    r.diags = diags;
    for (size_t i = 0; i < ARRAY_LEN(record_actions); i++)
        if (str_eq(record_actions[i].name, act->action))
            return record_actions[i].fn(&r, act, err);
    return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个操作。", "There is no such action.");
}
