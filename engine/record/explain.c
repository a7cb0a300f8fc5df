/*
 * "Why can X (not) see or do this": the grants of a form with their place in the definition,
 * whether they are held and whether they hold on a row. Who may not design sees of fields and
 * conditions only what exists for him: an answer about rights must not tell more than the rights
 * do.
 */
#include "engine/record/write_int.h"

struct explaining {
    struct access *x;
    const struct explain *e;
    const struct rec *row; /* NULL: about the form */
};

static bool exists_for(const struct explaining *in, const struct field *f)
{
    return !in->e->viewer || access_field(in->e->viewer, f) > FIELD_HIDDEN;
}

struct names {
    const struct explaining *in;
    bool hidden;
};

static void look_at_ref(void *arg, const struct fx_ref *ref)
{
    struct names *n = arg;
    for (uint32_t i = 0; i < ref->n; i++) {
        const struct field *f = ref->path[i].ref;
        struct access *t;
        struct err ignored = ERR_INIT;
        if (!f || !f->form || !n->in->e->viewer)
            continue;
        n->hidden |= access_of(n->in->e->viewer->c, f->form, &t, &ignored) ||
                     access_field(t, f) <= FIELD_HIDDEN;
    }
}

static void look_at_call(void *arg, const struct fx_call *call)
{
    struct names *n = arg;
    struct access *t;
    struct err ignored = ERR_INIT;
    if (n->in->e->viewer)
        n->hidden |= access_of(n->in->e->viewer->c, call->form, &t, &ignored) || access_none(t);
}

/* A condition is shown when everything it names exists for the one who asks. */
static struct val condition(const struct explaining *in, const struct fx *fx)
{
    struct names n = {.in = in};
    const struct principal *who = in->x->c->who;
    if (in->e->viewer) {
        in->x->c->who = in->e->viewer->who;
        fx_each_ref(fx, look_at_ref, &n);
        fx_each_call(fx, look_at_call, &n);
        in->x->c->who = who;
    }
    return n.hidden ? VAL_NONE : val_text(fx_text(fx));
}

static const struct str RIGHTS[] = {
    STR("create"), STR("read"),  STR("update"),  STR("delete"),  STR("import"),   STR("export"),
    STR("print"),  STR("share"), STR("comment"), STR("history"), STR("transfer"), STR("restore")};

unsigned access_right_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(RIGHTS); i++)
        if (str_eq(RIGHTS[i], name))
            return 1u << i;
    return 0;
}

static struct val rights_list(struct ctx *c, unsigned can)
{
    VEC(struct val) list = {0};
    for (size_t i = 0; i < ARRAY_LEN(RIGHTS); i++)
        if (can & (1u << i))
            (void)vec_push(c->a, &list, val_text(RIGHTS[i]));
    return val_list(list.v, list.n);
}

static struct val fields_obj(const struct explaining *in, const uint8_t *fields)
{
    static const char *const names[] = {"hidden", "hidden", "masked", "read", "write"};
    const struct form *f = in->x->f;
    struct pair *pairs = ARENA_ARRAY(in->x->c->a, struct pair, f->nslots);
    size_t n = 0;
    for (size_t s = 0; s < f->nslots; s++) {
        const struct field *field = rec_field_at(f, s);
        if (exists_for(in, field) && (!in->e->field || in->e->field == field))
            pairs[n++] =
                (struct pair){.key = field->key, .value = val_text(str_of(names[fields[s]]))};
    }
    return val_obj(pairs, n);
}

static const struct agrant *held_grant(const struct access *x, const struct grant *def)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->g[i].def == def)
            return &x->g[i];
    return NULL;
}

static int explain_grant(const struct explaining *in, const struct grant *def, struct val *out,
                         struct err *err)
{
    struct ctx *c = in->x->c;
    struct pair *p = ARENA_ARRAY(c->a, struct pair, 11);
    size_t n = 0;
    const struct agrant *held = held_grant(in->x, def);
    int on_row = in->row && held ? access_grant_holds(in->x, held, in->row, err) : 0;
    if (on_row < 0)
        return -1;
    p[n++] = (struct pair){STR("grant"), val_text(def->key)};
    p[n++] = (struct pair){STR("file"), val_text(def->at.file)};
    p[n++] = (struct pair){STR("line"), val_num(def->at.pos.line)};
    p[n++] = (struct pair){STR("held"), val_bool(held != NULL)};
    if (in->row)
        p[n++] = (struct pair){STR("row"), val_bool(on_row == 1)};
    p[n++] = (struct pair){STR("can"), rights_list(c, def->can)};
    if (def->requires)
        p[n++] = (struct pair){STR("requires"), condition(in, def->requires)};
    if (def->where)
        p[n++] = (struct pair){STR("where"), condition(in, def->where)};
    if (def->ensure)
        p[n++] = (struct pair){STR("ensure"), condition(in, def->ensure)};
    if (held)
        p[n++] = (struct pair){STR("fields"), fields_obj(in, held->fields)};
    *out = val_obj(p, n);
    return 0;
}

static int explain_restrict(const struct explaining *in, struct val *out, struct err *err)
{
    int yes = access_restrict(in->x->c, in->row, err);
    struct pair *p = ARENA_ARRAY(in->x->c->a, struct pair, 2);
    p[0] = (struct pair){STR("restrict"), condition(in, in->x->f->restrict_fx)};
    p[1] = (struct pair){STR("row"), val_bool(yes == 1)};
    *out = val_obj(p, 2);
    return yes < 0 ? -1 : 0;
}

int access_explain(struct access *x, const struct explain *e, struct val *out, struct err *err)
{
    const struct form *f = x->f;
    struct rec row;
    struct explaining in = {.x = x, .e = e};
    int found = e->id ? record_load(x->c, f, e->id, REC_ANY, &row, err) : 0;
    if (found < 0)
        return -1;
    in.row = found ? &row : NULL;
    struct val *list = ARENA_ARRAY(x->c->a, struct val, f->ngrants + 1);
    size_t n = 0;
    for (size_t i = 0; i < f->ngrants; i++) {
        const struct grant *def = &f->grants[i];
        if (e->right && !(def->can & e->right))
            continue;
        if (explain_grant(&in, def, &list[n++], err))
            return -1;
    }
    if (f->restrict_fx && found && explain_restrict(&in, &list[n++], err))
        return -1;
    *out = val_list(list, n);
    return 0;
}
