/*
 * The caller's drafts: records in state "draft", and sealed texts.
 */
#include "engine/record/draft.h"

#include "engine/base/utf8.h"
#include "engine/record/sealed.h"
#include "engine/record/write_int.h"

/* What every line of the list begins with; the row is (id, title, at, …). */
static void begin_line(struct ctx *c, const struct form *f, struct stmt *s, struct json *out)
{
    char buf[16];
    json_begin_obj(out);
    json_kstr(out, "app", f->app->key);
    json_kstr(out, "form", f->key);
    json_kstr(out, "form_title", f->title);
    json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
    json_kval(out, "title", val_text(column_text(c, s, 1)));
    json_kval(out, "at", val_instant(stmt_int(s, 2)));
}

static int of_form(struct ctx *c, const struct form *f, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT t0.\"_id\", t0.\"_title\", t0.\"_updated_at\" FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE t0.\"_deleted_at\" IS NULL AND t0.\"_state\" = 'draft'"
                " AND t0.\"_created_by\" = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " ORDER BY t0.\"_updated_at\" DESC LIMIT ");
    sql_int(&q, DRAFTS_MAX);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        begin_line(c, f, s, out);
        json_kbool(out, "own", true);
        json_end_obj(out);
    }
    stmt_done(s);
    return step;
}

/* ---- drafts that are no records ---- */

static void where_mine(struct ctx *c, const struct rec_draft *d, struct sql *q)
{
    sql_lit(q, " WHERE member = ");
    sql_bind_int(q, c->who->id);
    sql_lit(q, " AND app = ");
    sql_bind_str(q, d->form->app->key);
    sql_lit(q, " AND form = ");
    sql_bind_str(q, d->form->key);
    if (d->own) {
        sql_lit(q, " AND own = 1 AND id = ");
        sql_bind_int(q, d->id);
    } else {
        sql_lit(q, " AND own = 0 AND record = ");
        sql_bind_int(q, d->record);
    }
}

static struct sealed_text place(const struct rec_draft *d)
{
    return (struct sealed_text){d->form->app->key, STR("_draft"), d->id, 0};
}

int draft_read(struct ctx *c, struct rec_draft *d, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct err damaged = ERR_INIT;
    struct str text = STR_NONE;
    const struct vault_on on = sealer_of(c);
    if (!c->who->id)
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, version, base, body, created_at, at FROM _draft");
    where_mine(c, d, &q);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        d->id = stmt_int(s, 0);
        d->version = stmt_int(s, 1);
        d->base = stmt_int(s, 2);
        text = str_dup(c->a, stmt_str(s, 3));
        d->created_us = stmt_int(s, 4);
        d->at_us = stmt_int(s, 5);
    }
    stmt_done(s);
    if (step <= 0)
        return step;
    const struct sealed_text at = place(d);
    if (sealed_text_get(&on, &at, text, &text, &damaged) || !text.n)
        return 0; /* its key is gone */
    return json_parse(c->a, text, &d->values, err) ? -1 : 1;
}

/* Keys that are no fields of the form, or of no use to the one who writes. */
static int known_keys(struct ctx *c, const struct rec_draft *d, struct diags *diags,
                      struct err *err)
{
    struct access *x;
    if (access_of(c, d->form, &x, err))
        return -1;
    for (uint32_t i = 0; d->values.kind == VAL_OBJ && i < d->values.n; i++) {
        struct str key = d->values.obj[i].key;
        const struct field *f = form_field(d->form, key);
        if (f && access_field(x, f) >= FIELD_MASKED)
            continue;
        diag_field(diags, key, "unknown_field", "没有这个字段。", "There is no such field.");
    }
    return !diags->errors ? 0
                          : err_set(err, ERR_INVALID, "validation", "输入有误，请按提示修改。",
                                    "Some of the input is not valid.");
}

static int may_keep(struct ctx *c, const struct rec_draft *d, struct err *err)
{
    struct access *x;
    if (!c->who->id)
        return denied(err);
    if (access_of(c, d->form, &x, err))
        return -1;
    if (access_none(x))
        return not_found(err);
    if (!d->record)
        return access_rights(x) & RIGHT_CREATE ? 0 : denied(err);
    int seen = record_can(c, d->form, d->record, RIGHT_READ, err);
    int may = seen == 1 ? record_can(c, d->form, d->record, RIGHT_UPDATE, err) : seen;
    return may == 1 ? 0 : may < 0 ? -1 : seen ? denied(err) : not_found(err);
}

static struct str body_text(struct ctx *c, const struct rec_draft *d)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, d->values.kind == VAL_OBJ ? d->values : val_obj(NULL, 0));
    return strb_str(&b);
}

/* The first text that is not sealed: in clear in _draft.title. */
static struct val title_of(const struct rec_draft *d)
{
    const struct field *f = title_field(d->form);
    struct val v = f && d->values.kind == VAL_OBJ ? val_get(d->values, f->key) : VAL_NONE;
    bool plain = f && !f->encrypted && f->sensitive == SENS_NONE && v.kind == VAL_TEXT;
    return plain ? val_text(utf8_cut(val_str(v), 200)) : VAL_NONE;
}

static int count_own(struct ctx *c, const struct rec_draft *d, int64_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT count(*) FROM _draft WHERE own = 1 AND member = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " AND app = ");
    sql_bind_str(&q, d->form->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, d->form->key);
    *n = 0;
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

static int insert(struct ctx *c, const struct rec_draft *d, struct str sealed, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q,
            "INSERT INTO _draft (id, member, app, form, record, own, version, base, title, body,"
            " created_at, at) VALUES (");
    sql_bind_int(&q, d->id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, d->form->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, d->form->key);
    const int64_t numbers[] = {d->record, d->own, 1, d->base};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        sql_lit(&q, ", ");
        sql_bind_int(&q, numbers[i]);
    }
    sql_lit(&q, ", ");
    sql_bind(&q, title_of(d));
    sql_lit(&q, ", ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int change(struct ctx *c, const struct rec_draft *d, struct str sealed, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _draft SET version = version + 1, base = ");
    sql_bind_int(&q, d->base);
    sql_lit(&q, ", title = ");
    sql_bind(&q, title_of(d));
    sql_lit(&q, ", body = ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, ", at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, d->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- the uploads it names ---- */

static int forget_files(struct ctx *c, int64_t draft, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _draft_file WHERE draft = ");
    sql_bind_int(&q, draft);
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int keep_file(struct ctx *c, const struct rec_draft *d, struct val item, struct err *err)
{
    struct sql q;
    int64_t id;
    struct val v = item.kind == VAL_OBJ ? val_get(item, STR("id")) : item;
    if (!id_parse(val_str(v), &id))
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _draft_file (file, draft) VALUES (");
    sql_bind_int(&q, id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, d->id);
    sql_lit(&q, ") ON CONFLICT (file, draft) DO NOTHING");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int keep_files(struct ctx *c, const struct rec_draft *d, const struct form *f,
                      struct val obj, struct err *err)
{
    for (uint32_t i = 0; obj.kind == VAL_OBJ && i < obj.n; i++) {
        const struct field *field = form_field(f, obj.obj[i].key);
        struct val v = obj.obj[i].value;
        bool files = field && !field->sub && field_holds_files(field);
        for (uint32_t k = 0; field && v.kind == VAL_LIST && k < v.n; k++)
            if (field->sub ? keep_files(c, d, field->sub, v.list[k], err)
                           : files && keep_file(c, d, v.list[k], err))
                return -1;
        if (files && v.kind != VAL_LIST && keep_file(c, d, v, err))
            return -1;
    }
    return 0;
}

int draft_put(struct ctx *c, struct rec_draft *d, struct diags *diags, struct err *err)
{
    struct str sealed;
    struct rec_draft was = *d;
    int64_t n = 0;
    const struct vault_on on = sealer_of(c);
    if (may_keep(c, d, err) || known_keys(c, d, diags, err))
        return -1;
    struct str text = body_text(c, d);
    if (text.n > DRAFT_BYTES)
        return err_set(err, ERR_TOO_LARGE, "too_large", "草稿过大。", "The draft is too large.");
    bool fresh = d->own && !d->id;
    int found = fresh ? 0 : draft_read(c, &was, err);
    if (found < 0 || (fresh && count_own(c, d, &n, err)))
        return -1;
    if (n >= DRAFTS_MAX)
        return err_set(err, ERR_CONFLICT, "too_many", "这个表单的草稿已有 %d 份，请先提交或删除。",
                       "There are %d drafts of this form; hand in or delete some.", DRAFTS_MAX);
    if (!found && d->own && !fresh)
        return not_found(err);
    d->id = found ? was.id : id_next(c->ids, c->now_us);
    const struct sealed_text at = place(d);
    if (sealed_text_put(&on, &at, text, &sealed, err))
        return -1;
    return (found ? change(c, d, sealed, err) : insert(c, d, sealed, err)) ||
                   forget_files(c, d->id, err) || keep_files(c, d, d->form, d->values, err)
               ? -1
               : 0;
}

static int remove_one(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _draft WHERE id = ");
    sql_bind_int(&q, id);
    return forget_files(c, id, err) || store_exec(c->db, c->a, &q, NULL, err) ? -1 : 0;
}

int draft_drop(struct ctx *c, const struct rec_draft *d, struct err *err)
{
    struct sql q;
    int64_t id;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id FROM _draft");
    where_mine(c, d, &q);
    int found = store_get_int(c->db, c->a, &q, &id, err);
    return found <= 0 ? found : remove_one(c, id, err) ? -1 : 1;
}

struct val draft_with(struct ctx *c, struct val values, struct val more)
{
    size_t most = values.n + (more.kind == VAL_OBJ ? more.n : 0), n = 0;
    struct pair *p = ARENA_ARRAY(c->a, struct pair, most);
    for (uint32_t i = 0; values.kind == VAL_OBJ && i < values.n; i++)
        if (more.kind != VAL_OBJ || val_get(more, values.obj[i].key).kind == VAL_ABSENT)
            p[n++] = values.obj[i];
    for (uint32_t i = 0; more.kind == VAL_OBJ && i < more.n; i++)
        p[n++] = more.obj[i];
    return val_obj(p, n);
}

int draft_submit(struct ctx *c, struct rec_draft *d, struct val more, struct rec *out,
                 struct diags *diags, struct err *err)
{
    int found = draft_read(c, d, err);
    if (found <= 0)
        return found < 0 ? -1 : not_found(err);
    const struct rec_write w = {
        .op = REC_CREATE, .form = d->form, .id = d->id, .values = draft_with(c, d->values, more)};
    return record_write(c, &w, out, diags, err) || remove_one(c, d->id, err) ? -1 : 0;
}

void draft_json(struct ctx *c, const struct rec_draft *d, struct json *out)
{
    char buf[16];
    static const struct str can[] = {STR("read"), STR("update"), STR("delete")};
    const struct val me = val_ref(c->a, c->who->id, c->who->name);
    json_begin_obj(out);
    json_kstr(out, "_id", id_print(d->id, buf));
    json_kint(out, "_version", d->version);
    json_kval(out, "_title", title_of(d));
    json_kstr(out, "_state", STR("draft"));
    json_kval(out, "_owner", me);
    json_kval(out, "_created_by", me);
    json_kval(out, "_created_at", val_instant(d->created_us));
    json_kval(out, "_updated_at", val_instant(d->at_us));
    json_key(out, STR("_can"));
    json_begin_list(out);
    for (size_t i = 0; i < ARRAY_LEN(can); i++)
        json_str(out, can[i]);
    json_end_list(out);
    for (uint32_t i = 0; d->values.kind == VAL_OBJ && i < d->values.n; i++) {
        json_key(out, d->values.obj[i].key);
        json_val(out, d->values.obj[i].value);
    }
    json_end_obj(out);
}

int draft_purge(struct ctx *c, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _draft WHERE at < ");
    sql_bind_int(&q, c->now_us - DRAFT_US);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _draft_file WHERE draft NOT IN (SELECT id FROM _draft)");
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- lists ---- */

static int kept_of(struct ctx *c, const struct form *f, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    char buf[16];
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, title, at, record, own FROM _draft WHERE member = ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, " AND app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " ORDER BY at DESC LIMIT ");
    sql_int(&q, DRAFTS_MAX);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1) {
        begin_line(c, f, s, out);
        json_kbool(out, "own", stmt_int(s, 4) != 0);
        if (stmt_int(s, 3))
            json_kstr(out, "record", id_print(stmt_int(s, 3), buf));
        json_end_obj(out);
    }
    stmt_done(s);
    return step;
}

int draft_list(struct ctx *c, const struct app *app, struct json *out, struct err *err)
{
    for (size_t i = 0; c->who->id && i < app->nforms; i++) {
        const struct form *f = app->forms[i];
        struct access *x;
        if (access_of(c, f, &x, err))
            return -1;
        if (!(access_rights(x) & (RIGHT_CREATE | RIGHT_UPDATE)))
            continue;
        if ((f->flow && of_form(c, f, out, err)) || kept_of(c, f, out, err))
            return -1;
    }
    return 0;
}
