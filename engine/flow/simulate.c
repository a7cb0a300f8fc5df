/*
 * The way a record of given values would take, and why: nothing is written. Branches of a parallel
 * node are followed one after the other, each up to the join.
 */
#include "engine/flow/flow_int.h"
#include "engine/org/member.h"

struct sim {
    struct flow_run r;
    struct json *out;
    struct people handled; /* who would have approved so far, for skip_same */
    struct people last;    /* of the node before */
    uint32_t steps;
};

static bool holds(const struct people *p, int64_t id)
{
    for (size_t i = 0; i < p->ids.n; i++)
        if (p->ids.v[i] == id)
            return true;
    return false;
}

/* Would this person's approval be given by itself? */
static bool same(const struct sim *s, const struct flow_node *node, int64_t id)
{
    switch (node->skip_same) {
    case SKIP_NONE: return false;
    case SKIP_PREVIOUS: return holds(&s->last, id);
    case SKIP_HANDLED: return holds(&s->handled, id);
    }
    return false;
}

static int people_json(struct sim *s, const struct flow_node *node, const struct people *who,
                       struct err *err)
{
    int rc = 0;
    size_t by_itself = 0;
    json_key(s->out, STR("people"));
    json_begin_list(s->out);
    for (size_t i = 0; rc == 0 && i < who->ids.n; i++) {
        by_itself += same(s, node, who->ids.v[i]);
        rc = member_json(s->r.c, who->ids.v[i], s->out, err);
    }
    json_end_list(s->out);
    if (who->ids.n)
        json_kstr(s->out, "mode", flow_mode_name(node->mode));
    if (by_itself)
        json_kint(s->out, "same_person", (int64_t)by_itself);
    return rc;
}

static const char *found_name(enum found how)
{
    static const char *const names[] = {"to", "empty", "skip", "nobody"};
    return names[how];
}

static void remember(struct sim *s, const struct people *who)
{
    s->last.ids.n = 0;
    for (size_t i = 0; i < who->ids.n; i++) {
        people_add(s->r.c->a, &s->last, who->ids.v[i]);
        people_add(s->r.c->a, &s->handled, who->ids.v[i]);
    }
}

static int node_json(struct sim *s, const struct flow_node *node, const struct next *by,
                     enum found *how, struct err *err)
{
    struct people who = {0};
    struct flow_run *r = &s->r;
    bool acts = node->kind == NODE_APPROVE || node->kind == NODE_FILL;
    int rc = acts || node->kind == NODE_CC ? step_people(r, node, &who, how, err) : 0;
    json_begin_obj(s->out);
    json_kstr(s->out, "key", node->key);
    json_kstr(s->out, "title", flow_node_title(r->c, r->form, r->def, node->key));
    json_kstr(s->out, "type", flow_kind_name(node->kind));
    json_kval(s->out, "when", by && by->when ? val_text(fx_text(by->when)) : VAL_NONE);
    if (acts)
        json_kstr(s->out, "found", str_of(found_name(*how)));
    if (rc == 0)
        rc = people_json(s, node, &who, err);
    if (node->due.on)
        json_kval(s->out, "due_at",
                  val_instant(timer_after(r->live->app, r->c->now_us, node->due.after)));
    json_end_obj(s->out);
    if (acts)
        remember(s, &who);
    return rc;
}

static const struct next *choose(struct sim *s, const struct flow_node *node, struct err *err)
{
    for (size_t i = 0; i < node->nnext; i++) {
        const struct next *n = &node->next[i];
        int yes = n->when ? rec_true(s->r.c, n->when, &s->r.rec, NULL, err) : 1;
        if (yes)
            return yes < 0 ? NULL : n;
    }
    return NULL;
}

/* From a node to the join (NULL: to the end). */
static int path(struct sim *s, const struct flow_node *node, const struct flow_node *join,
                struct err *err)
{
    const struct next *by = NULL;
    while (node && node != join && ++s->steps <= FLOW_STEPS_MAX) {
        enum found how = FOUND_TO;
        if (node_json(s, node, by, &how, err) < 0)
            return -1;
        if (how == FOUND_NOBODY)
            return 0; /* here the submit, or the step, would be refused */
        if (node->kind == NODE_PARALLEL) {
            const struct flow_node *meet = flow_node(s->r.def, node->join);
            for (size_t i = 0; i < node->nbranches; i++)
                if (path(s, flow_node(s->r.def, node->branches[i]), meet, err) < 0)
                    return -1;
            by = NULL;
            node = meet;
            continue;
        }
        by = choose(s, node, err);
        if (err->code)
            return -1;
        node = by ? &s->r.def->nodes[by->node] : NULL;
    }
    return 0;
}

int flow_simulate(struct ctx *c, const struct form *f, struct val values, int64_t member,
                  struct json *out, struct err *err)
{
    struct sim s = {.r = {.c = c, .live = f, .form = f, .def = f->flow, .initiator = member},
                    .out = out};
    if (!f->flow)
        return err_set(err, ERR_NOT_FOUND, "not_found", "此表单没有流程。",
                       "This form has no flow.");
    if (rec_of_values(c, f, values, &s.r.rec, err) < 0)
        return -1;
    json_begin_obj(out);
    json_key(out, STR("path"));
    json_begin_list(out);
    int rc = path(&s, &s.r.def->nodes[0], NULL, err);
    json_end_list(out);
    json_kbool(out, "ends", rc == 0 && s.steps <= FLOW_STEPS_MAX);
    json_end_obj(out);
    return rc;
}

/* ---- of a stored record ---- */

static struct val names_of(struct arena *a, struct val people)
{
    struct val *names = ARENA_ARRAY(a, struct val, people.n);
    for (uint32_t i = 0; i < people.n; i++)
        names[i] = val_get(people.list[i], STR("title"));
    return val_list(names, people.n);
}

static struct val short_path(struct arena *a, struct val path)
{
    struct val *nodes = ARENA_ARRAY(a, struct val, path.n);
    size_t n = 0;
    for (uint32_t i = 0; i < path.n; i++) {
        struct val people = val_get(path.list[i], STR("people"));
        bool end = str_eqz(val_str(val_get(path.list[i], STR("type"))), "end");
        bool nobody = str_eqz(val_str(val_get(path.list[i], STR("found"))), "nobody");
        if (!people.n && !end && !nobody)
            continue;
        struct pair *p = ARENA_ARRAY(a, struct pair, 4);
        p[0] = (struct pair){STR("node"), val_get(path.list[i], STR("key"))};
        p[1] = (struct pair){STR("title"), val_get(path.list[i], STR("title"))};
        p[2] = (struct pair){STR("found"), val_get(path.list[i], STR("found"))};
        p[3] = (struct pair){STR("people"), names_of(a, people)};
        if (p[2].value.kind == VAL_ABSENT)
            p[2].value = VAL_NONE;
        nodes[n++] = val_obj(p, 4);
    }
    return val_list(nodes, n);
}

int flow_path(struct ctx *c, const struct form *f, const struct rec *rec, struct val *out,
              struct err *err)
{
    struct strb b;
    struct json j;
    struct val by = rec_get(rec, STR("_created_by"));
    strb_init(&b, c->a);
    json_init(&j, &b);
    struct sim s = {.r = {.c = c,
                          .live = f,
                          .form = f,
                          .def = f->flow,
                          .record = rec->id,
                          .initiator = by.kind == VAL_REF ? by.ref->id : 0,
                          .rec = *rec},
                    .out = &j};
    json_begin_list(&j);
    int rc = path(&s, &s.r.def->nodes[0], NULL, err);
    json_end_list(&j);
    struct val all;
    if (rc || json_parse(c->a, strb_str(&b), &all, err))
        return -1;
    *out = short_path(c->a, all);
    return 0;
}
