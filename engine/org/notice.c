/*
 * Rows of _notice, and which kinds a member wants.
 */
#include "engine/org/notice.h"

#include "engine/org/member_int.h"
#include "engine/vault/vault.h"

static const struct {
    struct str kind, zh, en;
} KINDS[] = {
    {STR("task"), STR("新的待办"), STR("New tasks")},
    {STR("urge"), STR("催办"), STR("Reminders of tasks")},
    {STR("due"), STR("待办到期"), STR("Tasks that are due")},
    {STR("escalate"), STR("升级的待办"), STR("Tasks that were escalated")},
    {STR("cc"), STR("抄送我的"), STR("Copies to me")},
    {STR("mention"), STR("有人提到我"), STR("Somebody mentions me")},
    {STR("share"), STR("有人与我共享记录"), STR("A record is shared with me")},
    {STR("alert"), STR("监控预警"), STR("Alerts of monitors")},
    {STR("notify"), STR("应用的提醒"), STR("Reminders of apps")},
    {STR("script"), STR("应用脚本的消息"), STR("Messages of scripts")},
};

bool notice_kind(struct str kind)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (str_eq(KINDS[i].kind, kind))
            return true;
    return false;
}

static struct val text_or_null(struct str s)
{
    return s.n ? val_text(s) : VAL_NONE;
}

/* The kinds he does not want, as a list; blank: he wants all. */
static int muted_of(struct ctx *c, int64_t member, struct val *out, struct err *err)
{
    struct sql q;
    struct str text;
    *out = VAL_NONE;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT notify FROM _member WHERE id = ");
    sql_bind_int(&q, member);
    if (org_text(c, &q, &text, err) < 0)
        return -1;
    return text.n ? json_parse(c->a, text, out, err) : 0;
}

static bool has(struct val list, struct str kind)
{
    for (size_t i = 0; list.kind == VAL_LIST && i < list.n; i++)
        if (str_eq(val_str(list.list[i]), kind))
            return true;
    return false;
}

int notice_lang(struct ctx *c, int64_t member, enum lang *out, struct err *err)
{
    struct sql q;
    struct str text;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT language FROM _member WHERE id = ");
    sql_bind_int(&q, member);
    if (org_text(c, &q, &text, err) < 0)
        return -1;
    *out = str_eqz(text, "en") ? LANG_EN : LANG_ZH;
    return 0;
}

/* What it says may hold values of records: title and body are sealed together, in `body`. */
static struct vault_at place(struct str app, int64_t id)
{
    return (struct vault_at){app.n ? app : STR("_system"), STR("_notice"), STR("text"), id, 0};
}

static int seal_text(struct ctx *c, const struct notice *n, int64_t id, struct str *out,
                     struct err *err)
{
    struct strb b;
    const struct vault_on on = {c->vault, c->db, c->a};
    const struct vault_at at = place(n->app, id);
    strb_init(&b, c->a);
    for (size_t i = 0; i < n->title.n; i++)
        strb_addc(&b, n->title.p[i] == '\n' ? ' ' : n->title.p[i]);
    strb_addc(&b, '\n');
    strb_add(&b, n->body);
    return vault_seal(&on, &at, strb_str(&b), out, err);
}

int notice_add(struct ctx *c, const struct notice *n, struct err *err)
{
    struct sql q;
    struct val muted;
    struct str text;
    if (muted_of(c, n->member, &muted, err))
        return -1;
    if (has(muted, n->kind))
        return 0;
    int64_t id = id_next(c->ids, c->now_us);
    if (seal_text(c, n, id, &text, err))
        return -1;
    const struct val values[] = {text_or_null(n->form),
                                 n->record ? val_dec(n->record, 0) : VAL_NONE, val_text(text)};
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _notice (id, member, kind, app, title, form, record, body, at)"
                " VALUES (");
    sql_bind_int(&q, id);
    sql_lit(&q, ", ");
    sql_bind_int(&q, n->member);
    sql_lit(&q, ", ");
    sql_bind_str(&q, n->kind);
    sql_lit(&q, ", ");
    sql_bind(&q, text_or_null(n->app));
    sql_lit(&q, ", ''");
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        sql_lit(&q, ", ");
        sql_bind(&q, values[i]);
    }
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, n->app, STR_NONE, id, 0, STR("notice"));
    return 0;
}

/* ---- reading ---- */

/* Those of before stand in clear. */
static int open_text(struct ctx *c, struct stmt *s, struct str *title, struct str *body,
                     struct err *err)
{
    const struct vault_on on = {c->vault, c->db, c->a};
    const struct vault_at at = place(str_dup(c->a, stmt_str(s, 2)), stmt_int(s, 0));
    *title = str_dup(c->a, stmt_str(s, 5));
    *body = str_dup(c->a, stmt_str(s, 6));
    if (title->n || !vault_is_sealed(*body))
        return 0;
    if (vault_unseal(&on, &at, *body, body, err) < 0)
        return -1;
    *body = str_cut(*body, '\n', title);
    return 0;
}

static int put(struct ctx *c, struct stmt *s, struct json *out, struct err *err)
{
    char buf[16];
    struct str title, body;
    if (open_text(c, s, &title, &body, err))
        return -1;
    json_begin_obj(out);
    json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
    json_kstr(out, "kind", stmt_str(s, 1));
    json_kval(out, "app", text_or_null(stmt_str(s, 2)));
    json_kval(out, "form", text_or_null(stmt_str(s, 3)));
    json_key(out, STR("record"));
    if (stmt_null(s, 4))
        json_blank(out);
    else
        json_str(out, id_print(stmt_int(s, 4), buf));
    json_kstr(out, "title", title);
    json_kval(out, "body", text_or_null(body));
    json_kval(out, "at", val_instant(stmt_int(s, 7)));
    json_kval(out, "read_at", stmt_null(s, 8) ? VAL_NONE : val_instant(stmt_int(s, 8)));
    json_end_obj(out);
    return 0;
}

static int rows(struct ctx *c, const struct notice_query *n, struct json *out, int64_t *next,
                struct err *err)
{
    struct sql q;
    struct stmt *s;
    uint32_t count = 0;
    int64_t last = 0;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, kind, app, form, record, title, body, at, read_at FROM _notice"
                " WHERE member = ");
    sql_bind_int(&q, c->who->id);
    if (n->unread)
        sql_lit(&q, " AND read_at IS NULL");
    if (n->after) {
        sql_lit(&q, " AND id < ");
        sql_bind_int(&q, n->after);
    }
    sql_lit(&q, " ORDER BY id DESC LIMIT ");
    sql_int(&q, n->limit + 1);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_list(out);
    while ((step = stmt_step(s, err)) == 1 && count < n->limit) {
        if (put(c, s, out, err)) {
            step = -1;
            break;
        }
        last = stmt_int(s, 0);
        count++;
    }
    json_end_list(out);
    stmt_done(s);
    *next = step == 1 ? last : 0;
    return step < 0 ? -1 : 0;
}

int notice_unread(struct ctx *c, int64_t *n, struct err *err)
{
    struct sql q;
    *n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _notice WHERE read_at IS NULL AND member = ");
    sql_bind_int(&q, c->who->id);
    return store_get_int(c->db, c->a, &q, n, err) < 0 ? -1 : 0;
}

int notice_list(struct ctx *c, const struct notice_query *q, struct json *out, struct err *err)
{
    char buf[16];
    int64_t unread, next;
    if (notice_unread(c, &unread, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("notices"));
    if (rows(c, q, out, &next, err))
        return -1;
    json_kint(out, "unread", unread);
    json_key(out, STR("next"));
    if (next)
        json_str(out, id_print(next, buf));
    else
        json_blank(out);
    json_end_obj(out);
    return 0;
}

int notice_read(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _notice SET read_at = COALESCE(read_at, ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ") WHERE member = ");
    sql_bind_int(&q, c->who->id);
    if (id) {
        sql_lit(&q, " AND id = ");
        sql_bind_int(&q, id);
    } else {
        sql_lit(&q, " AND read_at IS NULL");
    }
    return store_exec(c->db, c->a, &q, &n, err) ? -1 : n > 0;
}

/* ---- choices ---- */

int notice_choices(struct ctx *c, struct json *out, struct err *err)
{
    struct val muted;
    if (muted_of(c, c->who->id, &muted, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("kinds"));
    json_begin_list(out);
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        json_begin_obj(out);
        json_kstr(out, "kind", KINDS[i].kind);
        json_kstr(out, "title", c->lang == LANG_EN ? KINDS[i].en : KINDS[i].zh);
        json_kbool(out, "muted", has(muted, KINDS[i].kind));
        json_end_obj(out);
    }
    json_end_list(out);
    json_end_obj(out);
    return 0;
}

int notice_choose(struct ctx *c, struct val muted, struct err *err)
{
    struct sql q;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_val(&j, muted);
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _member SET notify = ");
    sql_bind_str(&q, strb_str(&b));
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, c->who->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}
