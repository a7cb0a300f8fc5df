/*
 * The approval flow of a form: nodes and what they refer to. Whether the graph makes sense is
 * proved in flow_check.c.
 */
#include "engine/meta/flowdef.h"

#include "engine/meta/load_int.h"
#include "engine/value/num.h"

#define DUE_STEPS_MAX 10

struct flow {
    struct load *ld;
    struct form_src *s;
    struct flowdef *d;
    const struct yaml_node *nodes;
};

/* In the order of enum node_kind from NODE_APPROVE. */
static const char *const kinds[] = {"approve", "fill",   "cc",      "branch", "parallel", "wait",
                                    "script",  "create", "subflow", "end",    NULL};
/* In the order of the bits of enum flow_action. */
static const char *const actions[] = {"approve",  "reject",   "return", "transfer",
                                      "add_sign", "withdraw", "urge",   NULL};

/* ---- references to nodes ---- */

/* Index of a node, told when there is none; "start" is 0. */
static bool node_ref(struct flow *f, const struct yaml_node *n, uint32_t *index)
{
    struct map m;
    if (!n || n->kind != YAML_SCALAR)
        return false;
    for (size_t i = 0; i < f->d->nnodes; i++) {
        if (str_eq(f->d->nodes[i].key, n->text)) {
            *index = (uint32_t)i;
            return true;
        }
    }
    map_init(&m, f->ld->a);
    for (size_t i = 0; i < f->d->nnodes; i++)
        map_put(&m, f->d->nodes[i].key, &m);
    struct diag *d = node_error(f->ld->diags, f->s->file, n, "unknown_node", "流程里没有节点“%.*s”",
                                "The flow has no node “%.*s”", STR_ARG(n->text));
    diag_suggest(f->ld->diags, d, map_nearest(&m, n->text));
    return false;
}

static struct next *nexts(struct flow *f, const struct yaml_node *n, size_t *count)
{
    size_t items;
    const struct yaml_node *const *list = node_list(f->ld->a, n, "next", &items);
    struct next *out = ARENA_ARRAY(f->ld->a, struct next, items);
    struct fx_scope scope = ld_scope(f->ld, f->s->f, FX_PLACE_COND);
    *count = 0;
    for (size_t i = 0; i < items; i++) {
        const struct yaml_node *to =
            list[i]->kind == YAML_MAP ? node_scalar(list[i], "to") : list[i];
        struct next x = {0};
        if (list[i]->kind == YAML_MAP)
            x.when = ld_fx(f->ld, f->s->file, yaml_get(list[i], "when"), &scope);
        if (!node_ref(f, to, &x.node))
            continue;
        x.to = to->text;
        out[(*count)++] = x;
    }
    return out;
}

/* ---- people ---- */

static struct field *member_field(struct load *ld, const struct src_file *file,
                                  const struct yaml_node *n, const struct form *form)
{
    struct field *f = ld_field_ref(ld, file, n, form);
    struct fx_field x;
    if (!f)
        return NULL;
    field_fx(f, &x);
    if (x.type.base != FX_MEMBER && x.type.base != FX_BLANK)
        node_error(ld->diags, file, n, "assignee", "字段“%.*s”不是成员",
                   "“%.*s” is no member field", STR_ARG(f->key));
    return f;
}

static bool prefixed(struct str s, const char *prefix, struct str *rest)
{
    if (!str_starts(s, str_of(prefix)))
        return false;
    *rest = str_trim(str_sub(s, strlen(prefix), s.n));
    return rest->n > 0;
}

bool ld_assignee_word(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                      struct assignee *out)
{
    struct yaml_node at = *n;
    *out = (struct assignee){.kind = TO_STOP};
    if (str_eqz(n->text, "stop"))
        return true;
    if (str_eqz(n->text, "skip")) {
        out->kind = TO_SKIP;
    } else if (str_eqz(n->text, "initiator")) {
        out->kind = TO_INITIATOR;
    } else if (prefixed(n->text, "role:", &out->name)) {
        out->kind = TO_ROLE;
        at.text = out->name;
        return ld_role(ld, file, &at);
    } else if (prefixed(n->text, "member:", &out->name)) {
        out->kind = TO_MEMBER;
    } else {
        node_error(ld->diags, file, n, "assignee",
                   "“%.*s”应是 initiator、skip、stop、role:角色 或 member:登录名",
                   "“%.*s” must be initiator, skip, stop, role:x or member:x", STR_ARG(n->text));
        return false;
    }
    return true;
}

static bool picks_node(const struct flowdef *flow, struct str key)
{
    return flow && flow_node(flow, key);
}

static bool one_assignee(struct load *ld, const struct src_file *file, const struct yaml_node *n,
                         const struct flowdef *flow, const struct form *form, struct assignee *out)
{
    const struct yaml_node *v;
    *out = (struct assignee){.level = (uint32_t)node_int(n, "level", yaml_get(n, "chain") ? 0 : 1)};
    if (n->kind == YAML_SCALAR)
        return ld_assignee_word(ld, file, n, out);
    if ((v = node_scalar(n, "member"))) {
        out->kind = TO_MEMBER;
        out->name = v->text;
    } else if ((v = node_scalar(n, "role"))) {
        out->kind = TO_ROLE;
        out->name = v->text;
        return ld_role(ld, file, v);
    } else if ((v = node_scalar(n, "department"))) {
        out->kind = TO_DEPARTMENT;
        out->name = v->text;
    } else if ((v = node_scalar(n, "picks"))) {
        out->kind = TO_PICKS;
        out->name = v->text;
        if (!picks_node(flow, v->text))
            node_error(ld->diags, file, v, "unknown_node", "流程里没有节点“%.*s”",
                       "The flow has no node “%.*s”", STR_ARG(v->text));
    } else if ((v = node_scalar(n, "value"))) {
        struct fx_scope scope = ld_scope(ld, form, FX_PLACE_VALUE);
        out->kind = TO_VALUE;
        out->fx = ld_fx(ld, file, v, &scope);
        struct fx_type t = out->fx ? fx_type_of(out->fx) : (struct fx_type){0};
        if (t.base != FX_MEMBER && t.base != FX_BLANK)
            node_error(ld->diags, file, v, "assignee", "公式的结果应是成员",
                       "The expression must give members");
    } else {
        static const char *const keys[] = {"field", "manager_of", "chain"};
        for (size_t i = 0; i < ARRAY_LEN(keys) && !v; i++) {
            v = node_scalar(n, keys[i]);
            out->kind = (enum assignee_kind)(TO_FIELD + i);
        }
        out->field = member_field(ld, file, v, form);
        if (!v)
            node_error(ld->diags, file, n, "assignee", "没有写明交给谁", "This does not say whom");
        return out->field != NULL;
    }
    return true;
}

const struct assignee *ld_assignees(struct load *ld, const struct src_file *file,
                                    const struct yaml_node *to, const struct flowdef *flow,
                                    const struct form *form, size_t *n)
{
    size_t count;
    const struct yaml_node *const *list = node_items(ld->a, to, &count);
    struct assignee *out = ARENA_ARRAY(ld->a, struct assignee, count);
    *n = 0;
    for (size_t i = 0; i < count; i++)
        *n += one_assignee(ld, file, list[i], flow, form, &out[*n]);
    return out;
}

/* ---- a node ---- */

static void read_mode(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    static const char *const words[] = {"any", "all", "sequence", NULL};
    const struct yaml_node *vote = node_of(node_of(n, "mode", YAML_MAP), "vote", YAML_MAP);
    int word = word_index(words, node_text(n, "mode"));
    const struct yaml_node *pass = node_scalar(vote, "pass");
    enum node_mode unsaid = out->kind == NODE_PARALLEL ? MODE_ALL : MODE_ANY;
    out->mode = vote ? MODE_VOTE : word < 0 ? unsaid : (enum node_mode)word;
    out->vote_pass = 0.5;
    if (pass &&
        (!num_parse(pass->text, &out->vote_pass) || out->vote_pass <= 0 || out->vote_pass > 1))
        node_error(f->ld->diags, f->s->file, pass, "range", "通过比例应大于 0、不超过 1",
                   "The share must be above 0 and at most 1");
    out->veto = ld_assignees(f->ld, f->s->file, yaml_get(vote, "veto"), f->d, f->s->f, &out->nveto);
}

static void read_rule(struct flow *f, const struct yaml_node *n, unsigned bit,
                      struct flow_node *out)
{
    struct action_rule *rule = &out->rules[bit];
    size_t count;
    const struct yaml_node *const *to = node_list(f->ld->a, n, "to", &count);
    rule->comment_required = str_eqz(node_text(n, "comment"), "required");
    rule->signature = yaml_get(n, "signature") != NULL;
    rule->signature_required = str_eqz(node_text(n, "signature"), "required");
    for (size_t i = 0; i < count && rule->nto < ARRAY_LEN(rule->to); i++) {
        uint32_t index;
        if (node_ref(f, to[i], &index))
            rule->to[rule->nto++] = to[i]->text;
    }
    if (count > ARRAY_LEN(rule->to))
        node_error(f->ld->diags, f->s->file, to[0], "limit", "最多写 %zu 个节点",
                   "At most %zu nodes", ARRAY_LEN(rule->to));
}

/* Said ones; without any: approve, reject, return to start, transfer. */
static void read_actions(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    const struct yaml_node *map = node_of(n, "actions", YAML_MAP);
    for (size_t i = 0; map && i < map->n; i++) {
        int bit = word_index(actions, map->keys[i]->text);
        if (bit < 0)
            continue;
        out->actions |= 1u << bit;
        read_rule(f, map->items[i], (unsigned)bit, out);
    }
    if (!map && (out->kind == NODE_APPROVE || out->kind == NODE_FILL))
        out->actions = ACT_APPROVE | ACT_REJECT | ACT_RETURN | ACT_TRANSFER;
    if (map && !(out->actions & ACT_APPROVE) &&
        (out->kind == NODE_APPROVE || out->kind == NODE_FILL))
        out->actions |= ACT_APPROVE; /* else nobody gets on */
    struct action_rule *back = &out->rules[2];
    if ((out->actions & ACT_RETURN) && !back->nto)
        back->to[back->nto++] = STR("start");
}

static void read_check(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    const struct yaml_node *check = yaml_get(n, "check");
    struct fx_scope scope = ld_scope(f->ld, f->s->f, FX_PLACE_COND);
    if (!check)
        return;
    bool obj = check->kind == YAML_MAP;
    out->check = ld_fx(f->ld, f->s->file, obj ? yaml_get(check, "that") : check, &scope);
    out->check_message = obj ? node_text(check, "message") : STR_NONE;
}

static void read_fields(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    if (!node_of(n, "fields", YAML_MAP))
        return;
    struct right_table t = ld_right_table(f->ld, f->s->file, n, "fields", f->s->f, FIELD_UNSET);
    out->fields = t.fields;
    out->sub_fields = t.sub_fields;
}

/* ---- time limits ---- */

/* A span that must lie ahead; says so where it does not. */
static struct duration span(struct flow *f, const struct yaml_node *n)
{
    struct duration d = {0};
    if (!n || !duration_parse(n->text, &d))
        return (struct duration){0}; /* its shape is checked by the key tables */
    if (d.count < 0)
        node_error(f->ld->diags, f->s->file, n, "range", "时长不能为负",
                   "This must not be negative");
    return d;
}

/* "remind" or {escalate | approve | reject | to, after}. */
static bool read_due_step(struct flow *f, const struct yaml_node *n, struct due_step *out)
{
    static const struct {
        const char *key;
        enum due_kind kind;
    } inner[] = {{"approve", DUE_APPROVE}, {"reject", DUE_REJECT}};
    const struct yaml_node *v;
    *out = (struct due_step){.after = span(f, node_scalar(n, "after"))};
    if (n->kind == YAML_SCALAR)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
        if (!(v = yaml_get(n, inner[i].key)))
            continue;
        out->kind = inner[i].kind;
        out->after = span(f, node_scalar(v, "after"));
        return true;
    }
    if ((v = node_scalar(n, "escalate"))) {
        out->kind = DUE_ESCALATE;
        return ld_assignee_word(f->ld, f->s->file, v, &out->to);
    }
    if ((v = node_scalar(n, "to"))) {
        out->kind = DUE_TO;
        return node_ref(f, v, &out->node);
    }
    node_error(f->ld->diags, f->s->file, n, "due", "没有写明到期后做什么",
               "This does not say what happens when it is due");
    return false;
}

static void read_due(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    const struct yaml_node *due = node_of(n, "due", YAML_MAP),
                           *then = node_of(due, "then", YAML_SEQ);
    struct due_step *steps = ARENA_ARRAY(f->ld->a, struct due_step, then ? then->n : 0);
    out->due.on = due != NULL;
    out->due.after = span(f, node_scalar(due, "after"));
    for (size_t i = 0; then && i < then->n && out->due.nthen < DUE_STEPS_MAX; i++)
        out->due.nthen += read_due_step(f, then->items[i], &steps[out->due.nthen]);
    if (then && then->n > DUE_STEPS_MAX)
        node_error(f->ld->diags, f->s->file, then, "limit", "最多写 %d 步", "At most %d steps",
                   DUE_STEPS_MAX);
    out->due.then = steps;
}

/* Exactly one of `for` and `until`. */
static void read_wait(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    const struct yaml_node *span_n = node_scalar(n, "for");
    struct fx_scope scope = ld_scope(f->ld, f->s->f, FX_PLACE_VALUE);
    if (out->kind != NODE_WAIT)
        return;
    out->wait_for = span(f, span_n);
    out->until = ld_fx(f->ld, f->s->file, yaml_get(n, "until"), &scope);
    if (!span_n == !yaml_get(n, "until"))
        node_error(f->ld->diags, f->s->file, n, "wait", "等待节点要写 for 或 until 其中一个",
                   "A wait node needs either `for` or `until`");
    enum fx_base t = out->until ? fx_type_of(out->until).base : FX_BLANK;
    if (t != FX_DATE && t != FX_DATETIME && t != FX_BLANK)
        node_error(f->ld->diags, f->s->file, yaml_get(n, "until"), "type", "until 应得到日期或时间",
                   "`until` must give a date or an instant");
}

static void read_empty(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    const struct yaml_node *empty = node_scalar(n, "empty");
    out->empty = (struct assignee){.kind = TO_STOP};
    if (empty && !ld_assignee_word(f->ld, f->s->file, empty, &out->empty))
        out->empty = (struct assignee){.kind = TO_STOP};
}

static void read_targets(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    struct load *ld = f->ld;
    const struct yaml_node *form = node_scalar(n, "form");
    struct form *target = form ? ld_form_ref(ld, f->s->file, form) : f->s->f;
    struct fx_scope scope = ld_scope(ld, f->s->f, FX_PLACE_VALUE);
    uint32_t index;
    if (form)
        out->form = form->text;
    out->wait = node_bool(n, "wait", false);
    out->set = ld_set(ld, f->s->file, yaml_get(n, "set"), target, &scope, &out->nset);
    if (ld_script(ld, f->s->file, node_scalar(n, "run"), true))
        out->run = node_text(n, "run");
    out->as_system = str_eqz(node_text(n, "as"), "system");
    out->branches = node_texts(ld->a, n, "branches", &out->nbranches);
    const struct yaml_node *branches = node_of(n, "branches", YAML_SEQ);
    for (size_t i = 0; branches && i < branches->n; i++)
        (void)node_ref(f, branches->items[i], &index);
    if (node_scalar(n, "join") && node_ref(f, node_scalar(n, "join"), &index))
        out->join = node_text(n, "join");
}

/* A person's node whose list of people is empty can never go on. */
static void check_people(struct flow *f, const struct yaml_node *n, const struct flow_node *out)
{
    bool person = out->kind == NODE_APPROVE || out->kind == NODE_FILL;
    const struct yaml_node *to = yaml_get(n, "to");
    if (person && to && to->kind == YAML_SEQ && to->n == 0)
        node_error(f->ld->diags, f->s->file, to, "no_assignee", "节点“%.*s”没有写交给谁",
                   "The node “%.*s” names nobody", STR_ARG(out->key));
}

static void read_node(struct flow *f, const struct yaml_node *n, struct flow_node *out)
{
    static const char *const same[] = {"none", "previous", "handled", NULL};
    int word = word_index(same, node_text(n, "skip_same"));
    out->skip_same = word < 0 ? SKIP_NONE : (enum skip_same)word;
    out->to = ld_assignees(f->ld, f->s->file, yaml_get(n, "to"), f->d, f->s->f, &out->nto);
    out->next = nexts(f, n, &out->nnext);
    out->raw = yaml_val(f->ld->a, n);
    read_mode(f, n, out);
    read_empty(f, n, out);
    read_actions(f, n, out);
    read_check(f, n, out);
    read_fields(f, n, out);
    read_targets(f, n, out);
    read_due(f, n, out);
    read_wait(f, n, out);
    check_people(f, n, out);
}

static void declare_nodes(struct flow *f)
{
    struct flowdef *d = f->d;
    d->nodes = ARENA_ARRAY(f->ld->a, struct flow_node, f->nodes->n + 1);
    d->nodes[0] = (struct flow_node){
        .key = STR("start"), .title = d->start_title, .at = d->at, .kind = NODE_START};
    d->nnodes = 1;
    for (size_t i = 0; i < f->nodes->n; i++) {
        const struct yaml_node *key = f->nodes->keys[i], *n = f->nodes->items[i];
        int kind = word_index(kinds, node_text(n, "type"));
        if (n->kind != YAML_MAP)
            continue;
        if (str_eqz(key->text, "start"))
            node_error(f->ld->diags, f->s->file, key, "start",
                       "“start”是提交本身，请给节点换一个键",
                       "“start” is the submission itself; name the node otherwise");
        struct flow_node *node = &d->nodes[d->nnodes++];
        node->key = key->text;
        node->title = node_scalar(n, "title") ? node_text(n, "title") : key->text;
        node->at = ld_place(f->s->file, key);
        node->kind = kind < 0 ? NODE_END : (enum node_kind)(NODE_APPROVE + kind);
    }
}

static void read_start(struct flow *f, const struct yaml_node *start)
{
    struct flowdef *d = f->d;
    const struct yaml_node *to = node_scalar(start, "to");
    struct next *next = ARENA_NEW(f->ld->a, struct next);
    d->can = ld_roles(f->ld, f->s->file, start, "can", &d->ncan);
    d->first = d->nnodes > 1 ? 1 : 0;
    if (to)
        (void)node_ref(f, to, &d->first);
    *next = (struct next){.to = d->nodes[d->first].key, .node = d->first};
    d->nodes[0].next = next;
    d->nodes[0].nnext = d->first ? 1 : 0;
}

void ld_flow(struct load *ld, struct form_src *s)
{
    const struct yaml_node *n = node_of(s->n, "flow", YAML_MAP),
                           *start = node_of(n, "start", YAML_MAP);
    struct flow f = {.ld = ld, .s = s, .nodes = node_of(n, "nodes", YAML_MAP)};
    if (!n || !f.nodes)
        return;
    if (f.nodes->n > LOAD_NODES_MAX) {
        node_error(ld->diags, s->file, f.nodes, "limit", "一个流程最多 %d 个节点",
                   "A flow has at most %d nodes", LOAD_NODES_MAX);
        return;
    }
    f.d = ARENA_NEW(ld->a, struct flowdef);
    f.d->form = s->f;
    f.d->at = ld_place(s->file, n);
    f.d->start_title = node_scalar(start, "title") ? node_text(start, "title") : STR("提交");
    declare_nodes(&f);
    read_start(&f, start);
    size_t errors = ld->diags->errors, at = 1;
    for (size_t i = 0; i < f.nodes->n; i++) {
        if (f.nodes->items[i]->kind == YAML_MAP)
            read_node(&f, f.nodes->items[i], &f.d->nodes[at++]);
    }
    s->f->flow = f.d;
    ld_flow_proof(ld, f.d, s->file, ld->diags->errors != errors);
}
