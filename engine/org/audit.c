/*
 * Writing and checking the chain. What a row's hash covers is text made here, the same for writing
 * and checking.
 */
#include "engine/org/audit.h"

#include "engine/org/member.h"
#include "engine/vault/vault.h"

struct row {
    int64_t n, at_us, who, record;
    struct str via, addr, what, app, form, detail, prev;
};

static void add_text(struct strb *b, struct str s)
{
    strb_addf(b, "|%zu:", s.n); /* lengths: no two rows read the same */
    strb_add(b, s);
}

static struct str row_hash(struct arena *a, struct str secret, const struct row *r)
{
    struct strb b;
    strb_init(&b, a);
    strb_addf(&b, "%lld|%lld|%lld|%lld", (long long)r->n, (long long)r->at_us, (long long)r->who,
              (long long)r->record);
    const struct str texts[] = {r->via, r->addr, r->what, r->app, r->form, r->detail, r->prev};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        add_text(&b, texts[i]);
    return vault_hmac_hex(a, secret, strb_str(&b));
}

static struct str detail_text(struct ctx *c, struct val v)
{
    struct strb b;
    struct json j;
    if (val_is_blank(v))
        return STR_NONE;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, v);
    return strb_str(&b);
}

/* The row before the new one. */
static int last_row(struct ctx *c, struct row *r, struct err *err)
{
    struct sql q;
    struct stmt *s;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "SELECT n, hash FROM _audit ORDER BY n DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    r->n = rc == 1 ? stmt_int(s, 0) + 1 : 1;
    r->prev = rc == 1 ? str_dup(c->a, stmt_str(s, 1)) : STR_NONE;
    stmt_done(s);
    return rc < 0 ? -1 : 0;
}

static void bind_text(struct sql *q, struct str s)
{
    sql_lit(q, ", ");
    sql_bind(q, val_text(s));
}

static void bind_id(struct ctx *c, struct sql *q, int64_t id)
{
    sql_lit(q, ", ");
    sql_bind(q, id ? val_ref(c->a, id, STR_NONE) : VAL_NONE);
}

static int insert(struct ctx *c, const struct row *r, struct str hash, struct err *err)
{
    struct sql q;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(
        &q,
        "INSERT INTO _audit (n, at, who, via, addr, what, app, form, record, detail, prev, hash)"
        " VALUES (");
    sql_bind_int(&q, r->n);
    sql_lit(&q, ", ");
    sql_bind_int(&q, r->at_us);
    bind_id(c, &q, r->who);
    bind_text(&q, r->via);
    bind_text(&q, r->addr);
    bind_text(&q, r->what);
    bind_text(&q, r->app);
    bind_text(&q, r->form);
    bind_id(c, &q, r->record);
    bind_text(&q, r->detail);
    sql_lit(&q, ", ");
    sql_bind_str(&q, r->prev);
    sql_lit(&q, ", ");
    sql_bind_str(&q, hash);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int audit_add(struct ctx *c, const struct audit *a, struct err *err)
{
    struct str secret;
    struct row r = {.at_us = c->now_us,
                    .who = c->who->id,
                    .via = via_name(c->via),
                    .addr = a->addr,
                    .what = a->what,
                    .app = a->app,
                    .form = a->form,
                    .record = a->record,
                    .detail = detail_text(c, a->detail)};
    if (org_secret(c, &secret, err) || last_row(c, &r, err))
        return -1;
    return insert(c, &r, row_hash(c->a, secret, &r), err);
}

/* ---- checking ---- */

static struct row read_row(struct ctx *c, struct stmt *s)
{
    struct str t[7];
    static const int columns[] = {3, 4, 5, 6, 7, 9, 10};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        t[i] = str_dup(c->a, stmt_str(s, columns[i]));
    return (struct row){.n = stmt_int(s, 0),
                        .at_us = stmt_int(s, 1),
                        .who = stmt_int(s, 2),
                        .via = t[0],
                        .addr = t[1],
                        .what = t[2],
                        .app = t[3],
                        .form = t[4],
                        .record = stmt_int(s, 8),
                        .detail = t[5],
                        .prev = t[6]};
}

struct walk {
    struct str secret;
    char head[65]; /* hash of the row before */
    int64_t rows, bad;
};

static void check_row(struct ctx *c, struct walk *w, struct stmt *s)
{
    struct arena_mark mark = arena_mark(c->a);
    struct row r = read_row(c, s);
    struct str hash = stmt_str(s, 11);
    bool ok = r.n == w->rows + 1 && str_eqz(r.prev, w->head) && hash.n == 64 &&
              vault_same(hash, row_hash(c->a, w->secret, &r));
    if (!ok && !w->bad)
        w->bad = r.n;
    w->rows++;
    hash = str_sub(hash, 0, sizeof(w->head) - 1);
    if (hash.n)
        memcpy(w->head, hash.p, hash.n);
    w->head[hash.n] = '\0';
    arena_reset(c->a, mark);
}

static int walk_rows(struct ctx *c, struct walk *w, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc;
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q,
            "SELECT n, at, who, via, addr, what, app, form, record, detail, prev, hash FROM _audit"
            " ORDER BY n");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        check_row(c, w, s);
    stmt_done(s);
    return rc;
}

int audit_verify(struct ctx *c, struct json *out, struct err *err)
{
    struct walk w = {.rows = 0};
    if (org_secret(c, &w.secret, err) || walk_rows(c, &w, err))
        return -1;
    json_begin_obj(out);
    json_kbool(out, "ok", w.bad == 0);
    json_kint(out, "rows", w.rows);
    json_kstr(out, "head", str_of(w.head));
    if (w.bad)
        json_kint(out, "bad", w.bad);
    json_end_obj(out);
    return 0;
}
