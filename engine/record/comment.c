/*
 * Rows of _comment with the names of those who wrote and were mentioned.
 */
#include "engine/record/comment.h"

#include "engine/base/utf8.h"
#include "engine/org/member.h"
#include "engine/org/notice.h"
#include "engine/record/record.h"

#define MENTIONS_MAX 50
#define EARLIER_MAX  20 /* texts before edits that are kept */
#define NOTICE_BYTES 200

static void select_comments(struct ctx *c, struct sql *q)
{
    sql_init(q, c->a, store_dialect(c->store));
    sql_lit(q, "SELECT c.id, c.at, c.who, m.name, c.text, c.mentions, c.edited_at, c.earlier"
               " FROM _comment c LEFT JOIN _member m ON m.id = c.who");
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

static int members_json(struct ctx *c, struct stmt *s, bool earlier, struct json *out,
                        struct err *err)
{
    char buf[16];
    json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
    json_kval(out, "at", val_instant(stmt_int(s, 1)));
    json_kval(out, "by",
              stmt_null(s, 2)
                  ? VAL_NONE
                  : org_ref(c, stmt_int(s, 2), str_dup(c->a, stmt_str(s, 3)), !stmt_null(s, 3)));
    json_kstr(out, "text", stmt_str(s, 4));
    if (mention_json(c, str_dup(c->a, stmt_str(s, 5)), out, err))
        return -1;
    json_kval(out, "edited_at", stmt_null(s, 6) ? VAL_NONE : val_instant(stmt_int(s, 6)));
    json_kbool(out, "mine", c->who->id && stmt_int(s, 2) == c->who->id);
    if (earlier && !stmt_null(s, 7)) {
        struct val texts;
        if (json_parse(c->a, str_dup(c->a, stmt_str(s, 7)), &texts, err))
            return -1;
        json_kval(out, "earlier", texts);
    }
    return 0;
}

static int row_json(struct ctx *c, struct stmt *s, bool earlier, struct json *out, struct err *err)
{
    json_begin_obj(out);
    int rc = members_json(c, s, earlier, out, err);
    json_end_obj(out);
    return rc;
}

static int rows_json(struct ctx *c, const struct sql *q, bool earlier, struct json *out,
                     struct err *err)
{
    struct stmt *s;
    int rc;
    if (store_query(c->db, c->a, q, &s, err))
        return -1;
    while ((rc = stmt_step(s, err)) == 1)
        if (row_json(c, s, earlier, out, err))
            return -1;
    stmt_done(s);
    return rc;
}

/* What stood there before an edit is history. */
int comment_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
                 struct err *err)
{
    struct sql q;
    int rc = record_can(c, f, record, RIGHT_READ, err);
    if (rc <= 0)
        return rc;
    int earlier = record_can(c, f, record, RIGHT_HISTORY, err);
    if (earlier < 0)
        return -1;
    select_comments(c, &q);
    sql_lit(&q, "c.record = ");
    sql_bind_int(&q, record);
    sql_lit(&q, " ORDER BY c.id LIMIT 500");
    json_begin_obj(out);
    json_key(out, STR("comments"));
    json_begin_list(out);
    if (rows_json(c, &q, earlier == 1, out, err))
        return -1;
    json_end_list(out);
    json_end_obj(out);
    return 1;
}

static int may(struct ctx *c, const struct form *f, int64_t record, struct err *err)
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
    return rc < 0 ? -1 : 0;
}

static int check_text(struct str text, struct err *err)
{
    if (!text.n || utf8_len(text) > COMMENT_MAX) {
        (void)err_set(err, ERR_INVALID, "required", "评论应为 1 到 %d 个字符。",
                      "A comment has 1 to %d characters.", COMMENT_MAX);
        err_at(err, "text");
        return -1;
    }
    return 0;
}

/* ---- mentions ---- */

struct told {
    int64_t ids[MENTIONS_MAX];
    size_t n;
    struct val not_told; /* VAL_LIST of refs: they may not read the record */
};

static bool listed(const struct told *t, int64_t id)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->ids[i] == id)
            return true;
    return false;
}

/* May he read the record? *title: as he sees it. 1, 0, -1. */
static int reads(struct ctx *c, const struct comment *in, int64_t member, struct str *title,
                 struct err *err)
{
    struct principal *him = ARENA_NEW(c->a, struct principal);
    int found = member_load(c, member, him, err);
    if (found <= 0)
        return found;
    him->scopes = 3;
    const struct principal *me = c->who;
    c->who = him;
    int may_read = record_can(c, in->form, in->record, RIGHT_READ, err);
    if (may_read == 1 && record_title(c, in->form, in->record, title, err) < 0)
        may_read = -1;
    c->who = me;
    return may_read;
}

static int tell(struct ctx *c, const struct comment *in, int64_t member, struct str title,
                struct err *err)
{
    if (member == c->who->id)
        return 0;
    int knows = member_seen_by(c, member, c->who->id, err);
    if (knows < 0)
        return -1;
    enum lang his;
    if (notice_lang(c, member, &his, err) < 0)
        return -1;
    bool en = his == LANG_EN;
    struct str who = knows ? c->who->name : en ? STR("Somebody") : STR("有人");
    struct str what = title.n ? title : in->form->title;
    const struct notice n = {
        .member = member,
        .kind = STR("mention"),
        .app = in->form->app->key,
        .form = in->form->key,
        .record = in->record,
        .title = en ? str_fmt(c->a, "%.*s mentioned you on “%.*s”", STR_ARG(who), STR_ARG(what))
                    : str_fmt(c->a, "%.*s 在“%.*s”的评论中提到了您", STR_ARG(who), STR_ARG(what)),
        .body = utf8_cut(str_trim(in->text), NOTICE_BYTES)};
    return notice_add(c, &n, err);
}

static void refuse(struct ctx *c, struct told *t, int64_t id, struct str name)
{
    struct val *list = ARENA_ARRAY(c->a, struct val, t->not_told.n + 1);
    if (t->not_told.n)
        memcpy(list, t->not_told.list, t->not_told.n * sizeof(*list));
    list[t->not_told.n] = val_ref(c->a, id, name);
    t->not_told = val_list(list, t->not_told.n + 1);
}

static int one_mention(struct ctx *c, const struct comment *in, int64_t id,
                       const struct told *before, struct told *t, struct err *err)
{
    struct str title = STR_NONE;
    struct str name = STR_NONE;
    if (listed(t, id) || t->n == MENTIONS_MAX)
        return 0;
    int found = member_title(c, id, &name, err);
    int may_read = found == 1 ? reads(c, in, id, &title, err) : found;
    if (may_read < 0)
        return -1;
    if (!may_read) {
        if (found)
            refuse(c, t, id, name);
        return 0;
    }
    t->ids[t->n++] = id;
    return before && listed(before, id) ? 0 : tell(c, in, id, title, err);
}

static int mentions(struct ctx *c, const struct comment *in, const struct told *before,
                    struct told *t, struct err *err)
{
    *t = (struct told){.not_told = VAL_NONE};
    for (uint32_t i = 0; in->mentions.kind == VAL_LIST && i < in->mentions.n; i++) {
        struct val v = in->mentions.list[i];
        struct str text = v.kind == VAL_OBJ ? val_str(val_get(v, STR("id"))) : val_str(v);
        int64_t id;
        if (id_parse(text, &id) && one_mention(c, in, id, before, t, err))
            return -1;
    }
    return 0;
}

static struct str ids_text(struct ctx *c, const struct told *t)
{
    struct strb b;
    struct json j;
    char buf[16];
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (size_t i = 0; i < t->n; i++)
        json_str(&j, id_print(t->ids[i], buf));
    json_end_list(&j);
    return strb_str(&b);
}

/* ---- writing ---- */

int comment_add(struct ctx *c, struct comment *in, struct err *err)
{
    struct sql q;
    struct told told;
    const struct form *f = in->form;
    struct str text = str_trim(in->text);
    if (may(c, f, in->record, err) || check_text(text, err) || mentions(c, in, NULL, &told, err))
        return -1;
    in->not_told = told.not_told;
    in->id = id_next(c->ids, c->now_us);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _comment (id, app, form, record, at, who, text, mentions) VALUES (");
    sql_bind_int(&q, in->id);
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
    sql_bind_str(&q, ids_text(c, &told));
    sql_lit(&q, ")");
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, f->app->key, f->key, in->record, 0, STR("comment"));
    return 0;
}

struct stored {
    int64_t who;
    struct str text, mentions, earlier;
};

/* The comment as stored: 1, 0 none, -1. */
static int load(struct ctx *c, const struct comment *in, struct stored *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT who, text, mentions, earlier FROM _comment WHERE deleted_at IS NULL"
                " AND id = ");
    sql_bind_int(&q, in->id);
    sql_lit(&q, " AND record = ");
    sql_bind_int(&q, in->record);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1)
        *out = (struct stored){stmt_int(s, 0), str_dup(c->a, stmt_str(s, 1)),
                               str_dup(c->a, stmt_str(s, 2)), str_dup(c->a, stmt_str(s, 3))};
    stmt_done(s);
    return step;
}

/* Only its author changes a comment; one who may delete the record may take it away too. */
static int may_touch(struct ctx *c, const struct comment *in, bool take_away, struct stored *row,
                     struct err *err)
{
    if (may(c, in->form, in->record, err))
        return -1;
    int found = load(c, in, row, err);
    if (found <= 0)
        return found < 0 ? -1
                         : err_set(err, ERR_NOT_FOUND, "not_found", "没有找到这条评论。",
                                   "There is no such comment.");
    if (row->who == c->who->id && c->who->id)
        return 0;
    int other = take_away ? record_can(c, in->form, in->record, RIGHT_DELETE, err) : 0;
    if (other)
        return other < 0 ? -1 : 0;
    return err_set(err, ERR_DENIED, "denied", "只有作者本人可以修改这条评论。",
                   "Only its author may change this comment.");
}

static int earlier_text(struct ctx *c, const struct stored *row, struct str *out, struct err *err)
{
    struct val list = VAL_NONE;
    struct strb b;
    struct json j;
    if (row->earlier.n && json_parse(c->a, row->earlier, &list, err))
        return -1;
    uint32_t n = list.kind == VAL_LIST ? list.n : 0;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (uint32_t i = n >= EARLIER_MAX ? n - EARLIER_MAX + 1 : 0; i < n; i++)
        json_val(&j, list.list[i]);
    json_begin_obj(&j);
    json_kval(&j, "until", val_instant(c->now_us));
    json_kstr(&j, "text", row->text);
    json_end_obj(&j);
    json_end_list(&j);
    *out = strb_str(&b);
    return 0;
}

static int told_before(struct ctx *c, const struct stored *row, struct told *t, struct err *err)
{
    struct val ids;
    *t = (struct told){.not_told = VAL_NONE};
    if (json_parse(c->a, row->mentions, &ids, err))
        return -1;
    for (uint32_t i = 0; ids.kind == VAL_LIST && i < ids.n && i < MENTIONS_MAX; i++)
        if (id_parse(val_str(ids.list[i]), &t->ids[t->n]))
            t->n++;
    return 0;
}

int comment_edit(struct ctx *c, struct comment *in, struct err *err)
{
    struct sql q;
    struct stored row;
    struct told before;
    struct told now;
    struct str earlier;
    struct str text = str_trim(in->text);
    if (may_touch(c, in, false, &row, err) || check_text(text, err) ||
        told_before(c, &row, &before, err))
        return -1;
    now = before;
    if (in->mentions.kind == VAL_LIST && mentions(c, in, &before, &now, err))
        return -1;
    in->not_told = now.not_told;
    if (earlier_text(c, &row, &earlier, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _comment SET text = ");
    sql_bind_str(&q, text);
    sql_lit(&q, ", mentions = ");
    sql_bind_str(&q, ids_text(c, &now));
    sql_lit(&q, ", edited_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", earlier = ");
    sql_bind_str(&q, earlier);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, in->id);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, in->form->app->key, in->form->key, in->record, 0, STR("comment"));
    return 0;
}

int comment_delete(struct ctx *c, const struct comment *in, struct err *err)
{
    struct sql q;
    struct stored row;
    if (may_touch(c, in, true, &row, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _comment SET deleted_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, in->id);
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    ctx_event(c, in->form->app->key, in->form->key, in->record, 0, STR("comment"));
    return 0;
}

int comment_json(struct ctx *c, const struct comment *in, struct json *out, struct err *err)
{
    struct sql q;
    struct stmt *s;
    select_comments(c, &q);
    sql_lit(&q, "c.id = ");
    sql_bind_int(&q, in->id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    if (step == 1) {
        json_begin_obj(out);
        if (members_json(c, s, false, out, err))
            step = -1;
        json_key(out, STR("not_told"));
        json_begin_list(out);
        for (uint32_t i = 0; in->not_told.kind == VAL_LIST && i < in->not_told.n; i++)
            json_val(out, in->not_told.list[i]);
        json_end_list(out);
        json_end_obj(out);
    }
    stmt_done(s);
    return step < 0 ? -1 : 0;
}
