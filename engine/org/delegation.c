/*
 * Rows of _delegation.
 */
#include "engine/org/delegation.h"

#include "engine/org/member_int.h"

#define CHAIN_MAX 5

int delegation_clear(struct ctx *c, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _delegation WHERE member = ");
    sql_bind_int(&q, c->who->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static struct val forms_text(struct arena *a, struct val forms)
{
    struct strb b;
    struct json j;
    if (forms.kind != VAL_LIST || !forms.n)
        return VAL_NONE;
    strb_init(&b, a);
    json_init(&j, &b);
    json_val(&j, forms);
    return val_text(strb_str(&b));
}

int delegation_set(struct ctx *c, const struct delegation *d, struct err *err)
{
    struct sql q;
    if (delegation_clear(c, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _delegation (id, member, delegate, starts_at, ends_at, forms,"
                " created_at) VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, d->to);
    sql_lit(&q, ", ");
    sql_bind_int(&q, d->from_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, d->until_us);
    sql_lit(&q, ", ");
    sql_bind(&q, forms_text(c->a, d->forms));
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

struct row {
    int64_t to, from_us, until_us;
    struct val forms;
};

/* What is not over yet; now: and has begun. 1, 0, -1. */
static int load(struct ctx *c, int64_t member, bool now, struct row *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct str forms = STR_NONE;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT delegate, starts_at, ends_at, forms FROM _delegation WHERE member = ");
    sql_bind_int(&q, member);
    sql_lit(&q, " AND ends_at > ");
    sql_bind_int(&q, c->now_us);
    if (now) {
        sql_lit(&q, " AND starts_at <= ");
        sql_bind_int(&q, c->now_us);
    }
    sql_lit(&q, " ORDER BY id DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        *out = (struct row){stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2), VAL_NONE};
        forms = str_dup(c->a, stmt_str(s, 3));
    }
    stmt_done(s);
    if (step == 1 && forms.n && json_parse(c->a, forms, &out->forms, err))
        return -1;
    return step;
}

int delegation_json(struct ctx *c, struct json *out, struct err *err)
{
    struct row r;
    int found = load(c, c->who->id, false, &r, err);
    if (found < 0)
        return -1;
    json_begin_obj(out);
    json_key(out, STR("to"));
    if (member_json(c, found ? r.to : 0, out, err))
        return -1;
    json_kval(out, "from", found ? val_instant(r.from_us) : VAL_NONE);
    json_kval(out, "until", found ? val_instant(r.until_us) : VAL_NONE);
    json_kval(out, "forms", found ? r.forms : VAL_NONE);
    json_kbool(out, "active", found && r.from_us <= c->now_us);
    json_end_obj(out);
    return 0;
}

static bool covers(struct ctx *c, struct val forms, struct str app, struct str form)
{
    struct str full = str_fmt(c->a, "%.*s/%.*s", STR_ARG(app), STR_ARG(form));
    if (forms.kind != VAL_LIST)
        return true;
    for (size_t i = 0; i < forms.n; i++)
        if (str_eq(val_str(forms.list[i]), full) || str_eq(val_str(forms.list[i]), form))
            return true;
    return false;
}

int delegation_of(struct ctx *c, int64_t member, struct str app, struct str form, int64_t *out,
                  struct err *err)
{
    int64_t at = member;
    *out = 0;
    for (int i = 0; i < CHAIN_MAX; i++) {
        struct row r;
        struct principal who;
        int found = load(c, at, true, &r, err);
        if (found == 1 && covers(c, r.forms, app, form))
            found = member_load(c, r.to, &who, err); /* one who left acts for nobody */
        else if (found == 1)
            found = 0;
        if (found < 0)
            return -1;
        if (!found || r.to == member)
            return 0;
        *out = at = r.to;
    }
    return 0;
}
