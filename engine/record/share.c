/*
 * Rows of _share, and what they are among the grants of their member.
 */
#include "engine/record/share.h"

#include "engine/org/member.h"
#include "engine/org/notice.h"
#include "engine/record/record_int.h"

static const struct {
    const char *word;
    unsigned right;
} RIGHTS[] = {{"read", RIGHT_READ},
              {"comment", RIGHT_COMMENT},
              {"history", RIGHT_HISTORY},
              {"print", RIGHT_PRINT}};

bool share_right(struct str word, unsigned *right)
{
    for (size_t i = 0; i < ARRAY_LEN(RIGHTS); i++)
        if (str_eqz(word, RIGHTS[i].word)) {
            *right = RIGHTS[i].right;
            return true;
        }
    return false;
}

/* ["read","comment"]: always the same text for the same rights. */
static struct str can_text(struct arena *a, unsigned can)
{
    struct strb b;
    struct json j;
    strb_init(&b, a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (size_t i = 0; i < ARRAY_LEN(RIGHTS); i++)
        if (can & RIGHTS[i].right)
            json_str(&j, str_of(RIGHTS[i].word));
    json_end_list(&j);
    return strb_str(&b);
}

static unsigned can_of(struct arena *a, struct str text)
{
    struct val v;
    struct err ignored = ERR_INIT; /* we wrote it */
    unsigned can = 0, one;
    if (json_parse(a, text, &v, &ignored) || v.kind != VAL_LIST)
        return 0;
    for (uint32_t i = 0; i < v.n; i++)
        if (share_right(val_str(v.list[i]), &one))
            can |= one;
    return can;
}

/* ---- as a grant ---- */

static void open_shares(struct access *x, struct sql *q, struct str alias)
{
    sql_ident(q, alias);
    sql_lit(q, ".member = ");
    sql_bind_int(q, x->who->id);
    sql_lit(q, " AND (");
    sql_ident(q, alias);
    sql_lit(q, ".until IS NULL OR ");
    sql_ident(q, alias);
    sql_lit(q, ".until > ");
    sql_bind_int(q, x->c->now_us);
    sql_lit(q, ")");
}

void share_cond(struct access *x, struct sql *q, unsigned alias, const struct agrant *g)
{
    sql_lit(q, "EXISTS (SELECT 1 FROM _share \"sh\" WHERE \"sh\".record = ");
    sql_col(q, alias, STR("_id"));
    sql_lit(q, " AND \"sh\".can = ");
    sql_bind_str(q, g->share_can);
    sql_lit(q, " AND \"sh\".fields = ");
    sql_bind_str(q, g->share_fields);
    sql_lit(q, " AND ");
    open_shares(x, q, STR("sh"));
    sql_lit(q, ")");
}

static void show(const struct form *f, struct str key, uint8_t *fields, uint8_t **columns)
{
    struct str head, tail = str_cut(key, '.', &head);
    const struct field *field = form_field(f, head);
    if (!field)
        return; /* it is gone meanwhile */
    uint8_t right = field->sensitive ? FIELD_MASKED : FIELD_READ;
    if (!tail.n) {
        fields[field->slot] = right;
        return;
    }
    const struct field *col = field->sub ? form_field(field->sub, tail) : NULL;
    if (col)
        columns[field->slot][col->slot] = col->sensitive ? FIELD_MASKED : FIELD_READ;
}

static void set_fields(struct access *x, struct agrant *g)
{
    const struct form *f = x->f;
    struct val keys;
    struct err ignored = ERR_INIT; /* we wrote it */
    uint8_t *fields = ARENA_ARRAY(x->c->a, uint8_t, f->nslots);
    uint8_t **columns = ARENA_ARRAY(x->c->a, uint8_t *, f->nslots);
    memset(fields, FIELD_HIDDEN, f->nslots);
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub) {
            columns[i] = ARENA_ARRAY(x->c->a, uint8_t, f->fields[i]->sub->nslots);
            memset(columns[i], FIELD_HIDDEN, f->fields[i]->sub->nslots);
        }
    if (json_parse(x->c->a, g->share_fields, &keys, &ignored) == 0 && keys.kind == VAL_LIST)
        for (uint32_t i = 0; i < keys.n; i++)
            show(f, val_str(keys.list[i]), fields, columns);
    g->sub_fields = (const uint8_t *const *)columns;
    access_narrow(x, g, fields);
}

int share_grants(struct access *x, unsigned allowed, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct agrant found[SHARE_GRANTS];
    size_t n = 0;
    int rc;
    ctx_sql(x->c, &q);
    sql_lit(&q, "SELECT DISTINCT s.can, s.fields FROM _share s WHERE s.app = ");
    sql_bind_str(&q, x->f->app->key);
    sql_lit(&q, " AND s.form = ");
    sql_bind_str(&q, x->f->key);
    sql_lit(&q, " AND ");
    open_shares(x, &q, STR("s"));
    sql_lit(&q, " LIMIT ");
    sql_int(&q, SHARE_GRANTS);
    if (store_query(x->c->db, x->c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1 && n < SHARE_GRANTS)
        found[n++] = (struct agrant){.share_can = str_dup(x->c->a, stmt_str(s, 0)),
                                     .share_fields = str_dup(x->c->a, stmt_str(s, 1))};
    stmt_done(s);
    for (size_t i = 0; rc >= 0 && i < n; i++) {
        struct agrant *g = &x->g[x->n++];
        *g = found[i];
        g->can = can_of(x->c->a, g->share_can) & allowed;
        set_fields(x, g);
    }
    return rc < 0 ? -1 : 0;
}

/* ---- giving and taking ---- */

static int may_share(struct ctx *c, const struct form *f, int64_t record, struct err *err)
{
    int rc = record_can(c, f, record, RIGHT_READ, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有找到，或您无权查看。",
                       "Not found, or not visible to you.");
    rc = rc == 1 ? record_can(c, f, record, RIGHT_SHARE, err) : rc;
    if (rc == 0)
        return err_set(err, ERR_DENIED, "denied", "您没有权限共享这条记录。",
                       "You may not share this record.");
    return rc < 0 ? -1 : 0;
}

static void add_keys(struct json *j, const struct form *f, struct str prefix, const uint8_t *rights)
{
    struct strb b;
    for (size_t s = 0; s < f->nslots; s++) {
        const struct field *field = rec_field_at(f, s);
        if (rights[s] < FIELD_READ)
            continue;
        strb_init(&b, j->out->a);
        strb_add(&b, prefix);
        strb_add(&b, field->key);
        json_str(j, strb_str(&b));
    }
}

/* What the one who shares sees in clear on this row. */
static int fields_text(struct ctx *c, const struct share *in, struct str *out, struct err *err)
{
    const struct form *f = in->form;
    struct access *x;
    struct rec row;
    struct strb b;
    struct json j;
    uint8_t *rights = ARENA_ARRAY(c->a, uint8_t, f->nslots);
    if (access_of(c, f, &x, err) || record_load(c, f, in->record, REC_LIVE, &row, err) != 1 ||
        access_row_fields(x, &row, RIGHT_READ, rights, err))
        return -1;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    add_keys(&j, f, STR_NONE, rights);
    for (size_t i = 0; i < f->nfields; i++) {
        const struct form *sub = f->fields[i]->sub;
        if (!sub || rights[i] < FIELD_READ)
            continue;
        uint8_t *columns = ARENA_ARRAY(c->a, uint8_t, sub->nslots);
        for (size_t k = 0; k < sub->nfields; k++)
            columns[k] = access_sub_show(x, f->fields[i], sub->fields[k], FIELD_READ) == SHOW_ALWAYS
                             ? FIELD_READ
                             : FIELD_HIDDEN;
        add_keys(&j, sub, str_fmt(c->a, "%.*s.", STR_ARG(f->fields[i]->key)), columns);
    }
    json_end_list(&j);
    *out = strb_str(&b);
    return 0;
}

static int given_on(struct ctx *c, const struct share *in, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(RIGHTS); i++) {
        if (!(in->can & RIGHTS[i].right))
            continue;
        int rc = record_can(c, in->form, in->record, RIGHTS[i].right, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            return err_set(err, ERR_DENIED, "denied", "您自己没有的权限不能给别人（%s）。",
                           "You cannot give a right you do not have (%s).", RIGHTS[i].word);
    }
    return 0;
}

static int receiver(struct ctx *c, int64_t member, struct err *err)
{
    int rc = member == c->who->id ? 0 : member_visible(c, member, err);
    if (rc)
        return rc < 0 ? -1 : 0;
    (void)err_set(err, ERR_INVALID, "member", "没有这位成员，或就是您自己。",
                  "There is no such member, or it is you.");
    err_at(err, "to");
    return -1;
}

static int room_for(struct ctx *c, const struct share *in, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _share WHERE record = ");
    sql_bind_int(&q, in->record);
    if (store_get_int(c->db, c->a, &q, &n, err) < 0)
        return -1;
    return n < SHARES_MAX ? 0
                          : err_set(err, ERR_CONFLICT, "too_many", "一条记录最多共享给 %d 人。",
                                    "A record is shared with at most %d members.", SHARES_MAX);
}

static int store_share(struct ctx *c, const struct share *in, struct str fields, struct err *err)
{
    struct sql q;
    const struct val values[] = {val_text(in->form->app->key),
                                 val_text(in->form->key),
                                 val_dec(in->record, 0),
                                 val_dec(in->member, 0),
                                 val_text(can_text(c->a, in->can)),
                                 val_text(fields),
                                 in->until_us ? val_dec(in->until_us, 0) : VAL_NONE,
                                 val_dec(c->now_us, 0),
                                 val_dec(c->who->id, 0)};
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _share (id, app, form, record, member, can, fields, until, at, by)"
                " VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        sql_lit(&q, ", ");
        sql_bind(&q, values[i]);
    }
    sql_lit(&q, ") ON CONFLICT (record, member) DO UPDATE SET can = excluded.can,"
                " fields = excluded.fields, until = excluded.until, at = excluded.at,"
                " by = excluded.by");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int share_add(struct ctx *c, const struct share *in, struct err *err)
{
    struct str fields;
    if (may_share(c, in->form, in->record, err) || given_on(c, in, err) ||
        receiver(c, in->member, err) || room_for(c, in, err) || fields_text(c, in, &fields, err) ||
        store_share(c, in, fields, err))
        return -1;
    enum lang his;
    if (notice_lang(c, in->member, &his, err) < 0)
        return -1;
    struct notice n = {.member = in->member,
                       .kind = STR("share"),
                       .app = in->form->app->key,
                       .form = in->form->key,
                       .record = in->record,
                       .title = his == LANG_EN
                                    ? str_fmt(c->a, "%.*s shared a record of “%.*s” with you",
                                              STR_ARG(c->who->name), STR_ARG(in->form->title))
                                    : str_fmt(c->a, "%.*s与您共享了“%.*s”的一条记录",
                                              STR_ARG(c->who->name), STR_ARG(in->form->title))};
    return notice_add(c, &n, err);
}

int share_remove(struct ctx *c, const struct form *f, int64_t record, int64_t member,
                 struct err *err)
{
    struct sql q;
    int64_t gone = 0;
    if (may_share(c, f, record, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _share WHERE record = ");
    sql_bind_int(&q, record);
    sql_lit(&q, " AND member = ");
    sql_bind_int(&q, member);
    return store_exec(c->db, c->a, &q, &gone, err) ? -1 : gone > 0;
}

static int share_json(struct ctx *c, struct stmt *s, struct json *out, struct err *err)
{
    struct str to = STR_NONE, by = STR_NONE;
    struct val can;
    int64_t member = stmt_int(s, 0), giver = stmt_int(s, 4);
    if (member_name(c, member, &to, err) < 0 || member_name(c, giver, &by, err) < 0 ||
        json_parse(c->a, str_dup(c->a, stmt_str(s, 1)), &can, err))
        return -1;
    json_begin_obj(out);
    json_kval(out, "to", val_ref(c->a, member, to));
    json_kval(out, "can", can);
    json_kval(out, "until", stmt_null(s, 2) ? VAL_NONE : val_instant(stmt_int(s, 2)));
    json_kval(out, "at", val_instant(stmt_int(s, 3)));
    json_kval(out, "by", val_ref(c->a, giver, by));
    json_end_obj(out);
    return 0;
}

int share_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
               struct err *err)
{
    struct sql q;
    struct stmt *s;
    int rc = record_can(c, f, record, RIGHT_READ, err);
    if (rc <= 0)
        return rc;
    if (may_share(c, f, record, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT member, can, until, at, by FROM _share WHERE record = ");
    sql_bind_int(&q, record);
    sql_lit(&q, " AND (until IS NULL OR until > ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ") ORDER BY id");
    json_begin_obj(out);
    json_key(out, STR("shares"));
    json_begin_list(out);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        if (share_json(c, s, out, err))
            return -1;
    stmt_done(s);
    json_end_list(out);
    json_end_obj(out);
    return rc < 0 ? -1 : 1;
}
