/*
 * Notices to members.
 */
#include "engine/org/notice.h"

static struct val text_or_null(struct str s)
{
    return s.n ? val_text(s) : VAL_NONE;
}

int notice_add(struct ctx *c, const struct notice *n, struct err *err)
{
    struct sql q;
    const struct val values[] = {text_or_null(n->form),
                                 n->record ? val_dec(n->record, 0) : VAL_NONE, val_text(n->title),
                                 text_or_null(n->body)};
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _notice (id, member, kind, app, form, record, title, body, at)"
                " VALUES (");
    sql_bind_int(&q, id_next(c->ids, c->now_us));
    sql_lit(&q, ", ");
    sql_bind_int(&q, n->member);
    sql_lit(&q, ", ");
    sql_bind_str(&q, n->kind);
    sql_lit(&q, ", ");
    sql_bind(&q, text_or_null(n->app));
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        sql_lit(&q, ", ");
        sql_bind(&q, values[i]);
    }
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}
