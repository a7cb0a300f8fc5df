/*
 * Rows of _comment with the names of those who wrote and were mentioned.
 */
#include "engine/record/comment.h"

#include "engine/base/utf8.h"
#include "engine/org/member.h"
#include "engine/record/record.h"

static void select_comments(struct ctx *c, struct sql *q)
{
    sql_init(q, c->a, store_dialect(c->store));
    sql_lit(q, "SELECT c.id, c.at, c.who, m.name, c.text, c.mentions FROM _comment c"
               " LEFT JOIN _member m ON m.id = c.who");
    org_limit(c, q, "m");
    sql_lit(q, " WHERE c.deleted_at IS NULL AND ");
}

static int mention_json(struct ctx *c, struct str text, struct json *out, struct err *err)
{
    struct val ids;
    if (json_parse(c->a, text, &ids, err))
        return -1;
    json_key(out, STR("mentions"));
    json_begin_list(out);
    for (size_t i = 0; ids.kind == VAL_LIST && i < ids.n; i++) {
        int64_t id;
        struct str name = STR_NONE;
        if (!id_parse(val_str(ids.list[i]), &id))
            continue;
        int seen = member_title(c, id, &name, err);
        if (seen < 0)
            return -1;
        if (seen)
            json_val(out, val_ref(c->a, id, name));
    }
    json_end_list(out);
    return 0;
}

static int row_json(struct ctx *c, struct stmt *s, struct json *out, struct err *err)
{
    char buf[16];
    json_begin_obj(out);
    json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
    json_kval(out, "at", val_instant(stmt_int(s, 1)));
    json_kval(out, "by",
              stmt_null(s, 2)
                  ? VAL_NONE
                  : org_ref(c, stmt_int(s, 2), str_dup(c->a, stmt_str(s, 3)), !stmt_null(s, 3)));
    json_kstr(out, "text", stmt_str(s, 4));
    if (mention_json(c, str_dup(c->a, stmt_str(s, 5)), out, err))
        return -1;
    json_end_obj(out);
    return 0;
}

static int rows_json(struct ctx *c, const struct sql *q, struct json *out, struct err *err)
{
    struct stmt *s;
    int rc;
    if (store_query(c->db, c->a, q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        if (row_json(c, s, out, err))
            return -1;
    stmt_done(s);
    return rc;
}

int comment_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
                 struct err *err)
{
    struct sql q;
    int rc = record_can(c, f, record, RIGHT_READ, err);
    if (rc <= 0)
        return rc;
    select_comments(c, &q);
    sql_lit(&q, "c.record = ");
    sql_bind_int(&q, record);
    sql_lit(&q, " ORDER BY c.id LIMIT 500");
    json_begin_obj(out);
    json_key(out, STR("comments"));
    json_begin_list(out);
    if (rows_json(c, &q, out, err))
        return -1;
    json_end_list(out);
    json_end_obj(out);
    return 1;
}

int comment_json(struct ctx *c, int64_t id, struct json *out, struct err *err)
{
    struct sql q;
    select_comments(c, &q);
    sql_lit(&q, "c.id = ");
    sql_bind_int(&q, id);
    return rows_json(c, &q, out, err);
}

static int check(struct ctx *c, const struct form *f, int64_t record, struct str text,
                 struct err *err)
{
    int rc = record_can(c, f, record, RIGHT_READ, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有找到，或您无权查看。",
                       "Not found, or not visible to you.");
    if (rc == 1)
        rc = record_can(c, f, record, RIGHT_COMMENT, err);
    if (rc == 0)
        return err_set(err, ERR_DENIED, "denied", "您没有权限评论这条记录。",
                       "You may not comment on this record.");
    if (rc < 0)
        return -1;
    if (!text.n || utf8_len(text) > COMMENT_MAX) {
        (void)err_set(err, ERR_INVALID, "required", "评论应为 1 到 %d 个字符。",
                      "A comment has 1 to %d characters.", COMMENT_MAX);
        err_at(err, "text");
        return -1;
    }
    return 0;
}

static struct str mentions_text(struct ctx *c, struct val mentions)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (size_t i = 0; mentions.kind == VAL_LIST && i < mentions.n && i < 50; i++) {
        struct val v = mentions.list[i];
        struct str id = v.kind == VAL_OBJ ? val_str(val_get(v, STR("id"))) : val_str(v);
        if (id.n)
            json_str(&j, id);
    }
    json_end_list(&j);
    return strb_str(&b);
}

int comment_add(struct ctx *c, const struct comment *in, int64_t *id, struct err *err)
{
    struct sql q;
    const struct form *f = in->form;
    struct str text = str_trim(in->text);
    if (check(c, f, in->record, text, err))
        return -1;
    *id = id_next(c->ids, c->now_us);
    sql_init(&q, c->a, store_dialect(c->store));
    sql_lit(&q, "INSERT INTO _comment (id, app, form, record, at, who, text, mentions) VALUES (");
    sql_bind_int(&q, *id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, in->record);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_ref(c->a, c->who->id, STR_NONE) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_str(&q, text);
    sql_lit(&q, ", ");
    sql_bind_str(&q, mentions_text(c, in->mentions));
    sql_lit(&q, ")");
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, f->app->key, f->key, in->record, 0, STR("comment"));
    return 0;
}
