/*
 * Who gets a task: a table of assignee kinds, one small function each. People who left or are not
 * active are nobody.
 */
#include "engine/flow/flow_int.h"
#include "engine/org/member.h"

#define CHAIN_MAX 20

typedef int assign_fn(struct flow_run *r, const struct assignee *to, struct people *out,
                      struct err *err);

void people_add(struct arena *a, struct people *p, int64_t id)
{
    if (id == 0 || p->ids.n >= FLOW_PEOPLE_MAX)
        return;
    for (size_t i = 0; i < p->ids.n; i++)
        if (p->ids.v[i] == id)
            return;
    vec_push(a, &p->ids, id);
}

static void add_all(struct flow_run *r, struct people *out, const int64_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        people_add(r->c->a, out, ids[i]);
}

static int to_initiator(struct flow_run *r, const struct assignee *to, struct people *out,
                        struct err *err)
{
    (void)to;
    (void)err;
    people_add(r->c->a, out, r->initiator);
    return 0;
}

static int to_member(struct flow_run *r, const struct assignee *to, struct people *out,
                     struct err *err)
{
    int64_t id = 0;
    if (member_by_login(r->c, to->name, &id, err) < 0)
        return -1;
    people_add(r->c->a, out, id);
    return 0;
}

static int to_role(struct flow_run *r, const struct assignee *to, struct people *out,
                   struct err *err)
{
    int64_t *ids;
    size_t n;
    if (role_members(r->c, r->live->app->key, to->name, &ids, &n, err) < 0)
        return -1;
    add_all(r, out, ids, n);
    return 0;
}

static int to_department(struct flow_run *r, const struct assignee *to, struct people *out,
                         struct err *err)
{
    int64_t *ids;
    size_t n;
    if (department_members(r->c, to->name, &ids, &n, err) < 0)
        return -1;
    add_all(r, out, ids, n);
    return 0;
}

/* A value that names people: one member, a list of them, or their ids as text. */
static void add_value(struct flow_run *r, struct val v, struct people *out)
{
    int64_t id = 0;
    if (v.kind == VAL_REF)
        people_add(r->c->a, out, v.ref->id);
    else if (v.kind == VAL_TEXT && id_parse(val_str(v), &id))
        people_add(r->c->a, out, id);
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++)
        add_value(r, v.list[i], out);
}

static int to_field(struct flow_run *r, const struct assignee *to, struct people *out,
                    struct err *err)
{
    (void)err;
    if (r->rec.v)
        add_value(r, r->rec.v[to->field->slot], out);
    return 0;
}

static int to_value(struct flow_run *r, const struct assignee *to, struct people *out,
                    struct err *err)
{
    struct val v;
    if (rec_eval(r->c, to->fx, r->rec.v ? &r->rec : NULL, NULL, &v, err) < 0)
        return -1;
    add_value(r, v, out);
    return 0;
}

/* The member a manager is looked up from; the initiator when no field is named. */
static int64_t subordinate(const struct flow_run *r, const struct assignee *to)
{
    if (!to->field || !r->rec.v)
        return r->initiator;
    struct val v = r->rec.v[to->field->slot];
    return v.kind == VAL_REF ? v.ref->id : 0;
}

/* manager_of level n: the n-th manager upward, never the initiator himself. */
static int to_manager_of(struct flow_run *r, const struct assignee *to, struct people *out,
                         struct err *err)
{
    int64_t id = subordinate(r, to);
    uint32_t level = to->level ? to->level : 1;
    for (uint32_t i = 0; id && i < level && i < CHAIN_MAX; i++)
        if (member_manager(r->c, id, &id, err) < 0)
            return -1;
    if (id != r->initiator)
        people_add(r->c->a, out, id);
    return 0;
}

/* chain up to level n: every manager there is on the way. */
static int to_chain(struct flow_run *r, const struct assignee *to, struct people *out,
                    struct err *err)
{
    int64_t id = subordinate(r, to);
    uint32_t level = to->level ? to->level : CHAIN_MAX;
    for (uint32_t i = 0; id && i < level && i < CHAIN_MAX; i++) {
        if (member_manager(r->c, id, &id, err) < 0)
            return -1;
        if (id != r->initiator)
            people_add(r->c->a, out, id);
    }
    return 0;
}

/* Those whom the handler of an earlier node picked; kept as the `to` of its events. */
static int to_picks(struct flow_run *r, const struct assignee *to, struct people *out,
                    struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, r->c->a, store_dialect(r->c->store));
    sql_lit(&q, "SELECT e.data FROM _flow_event e WHERE e.verb = 'pick' AND e.instance = ");
    sql_bind_int(&q, r->instance);
    sql_lit(&q, " AND e.node = ");
    sql_bind_str(&q, to->name);
    sql_lit(&q, " ORDER BY e.id DESC LIMIT 1");
    if (store_query(r->c->db, r->c->a, &q, &s, err) < 0)
        return -1;
    struct val ids = VAL_NONE;
    int got = stmt_step(s, err);
    if (got == 1 && json_parse(r->c->a, stmt_str(s, 0), &ids, err) < 0)
        got = -1;
    stmt_done(s);
    add_value(r, ids, out);
    return got < 0 ? -1 : 0;
}

static int to_nobody(struct flow_run *r, const struct assignee *to, struct people *out,
                     struct err *err)
{
    (void)r;
    (void)to;
    (void)out;
    (void)err;
    return 0;
}

static assign_fn *const kinds[] = {
    [TO_INITIATOR] = to_initiator,   [TO_MEMBER] = to_member, [TO_ROLE] = to_role,
    [TO_DEPARTMENT] = to_department, [TO_FIELD] = to_field,   [TO_MANAGER_OF] = to_manager_of,
    [TO_CHAIN] = to_chain,           [TO_PICKS] = to_picks,   [TO_VALUE] = to_value,
    [TO_SKIP] = to_nobody,           [TO_STOP] = to_nobody,
};

/* Drops who cannot act any more. */
static int keep_active(struct flow_run *r, struct people *p, struct err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->ids.n; i++) {
        struct principal who;
        int found = member_load(r->c, p->ids.v[i], &who, err);
        if (found < 0)
            return -1;
        if (found)
            p->ids.v[kept++] = p->ids.v[i];
    }
    p->ids.n = kept;
    return 0;
}

int assign_people(struct flow_run *r, const struct assignee *to, size_t n, struct people *out,
                  struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (kinds[to[i].kind](r, &to[i], out, err) < 0)
            return -1;
    return keep_active(r, out, err);
}

int flow_people(struct ctx *c, const struct flow_people *p, int64_t **ids, size_t *n,
                struct err *err)
{
    struct people out = {0};
    struct diags ignored;
    diags_init(&ignored, c->a);
    struct flow_run r = {.c = c, .live = p->form, .form = p->form, .diags = &ignored};
    if (p->rec) {
        struct val by = rec_get(p->rec, STR("_created_by"));
        r.rec = *p->rec;
        r.record = p->rec->id;
        r.initiator = by.kind == VAL_REF ? by.ref->id : 0;
    }
    if (assign_people(&r, p->to, p->nto, &out, err) < 0)
        return -1;
    *ids = out.ids.v;
    *n = out.ids.n;
    return 0;
}
