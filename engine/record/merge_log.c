/*
 * The rows of _merge: which record went into which, what moved beside the history, until when it
 * can be taken back.
 */
#include "engine/record/merge.h"

#include "engine/org/member.h"
#include "engine/record/record_int.h"

#define CHAIN_MAX 64 /* records that are shown as gone into one */

static struct str moved_text(struct ctx *c, const struct merge *m, struct val comments)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kval(&j, "comments", comments);
    json_kval(&j, "links", m->links);
    json_kval(&j, "take", m->take);
    json_end_obj(&j);
    return strb_str(&b);
}

int merge_note(struct ctx *c, const struct merge *m, struct val comments, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _merge (id, app, form, survivor, gone, at, who, moved) VALUES (");
    sql_bind_int(&q, m->job);
    sql_lit(&q, ", ");
    sql_bind_str(&q, m->form->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, m->form->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, m->survivor);
    sql_lit(&q, ", ");
    sql_bind_int(&q, m->gone);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind(&q, c->who->id ? val_dec(c->who->id, 0) : VAL_NONE);
    sql_lit(&q, ", ");
    sql_bind_str(&q, moved_text(c, m, comments));
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int merge_may_undo(struct ctx *c, int64_t job, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT at, undone_at FROM _merge WHERE id = ");
    sql_bind_int(&q, job);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    int64_t at = step == 1 ? stmt_int(s, 0) : 0;
    bool undone = step == 1 && !stmt_null(s, 1);
    stmt_done(s);
    if (step <= 0)
        return step;
    if (undone)
        return err_set(err, ERR_CONFLICT, "undone", "这次合并已经撤销过了。",
                       "This merge was undone before.");
    if (c->now_us - at > MERGE_UNDO_US)
        return err_set(err, ERR_CONFLICT, "too_late", "合并已超过 90 天，不能再撤销。",
                       "The merge is more than 90 days old; it can no longer be undone.");
    return 0;
}

/* ---- back ---- */

static int comments_back(struct ctx *c, int64_t gone, struct val ids, struct err *err)
{
    struct sql q;
    bool any = false;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _comment SET record = ");
    sql_bind_int(&q, gone);
    sql_lit(&q, " WHERE id IN (");
    for (uint32_t i = 0; ids.kind == VAL_LIST && i < ids.n; i++) {
        int64_t id;
        if (!id_parse(val_str(ids.list[i]), &id))
            continue;
        if (any)
            sql_lit(&q, ", ");
        sql_int(&q, id);
        any = true;
    }
    sql_lit(&q, ")");
    return any ? store_exec(c->db, c->a, &q, NULL, err) : 0;
}

int merge_back(struct ctx *c, int64_t gone, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct val moved = VAL_NONE;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, moved FROM _merge WHERE undone_at IS NULL AND gone = ");
    sql_bind_int(&q, gone);
    sql_lit(&q, " ORDER BY id DESC LIMIT 1");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step = stmt_step(s, err);
    int64_t id = step == 1 ? stmt_int(s, 0) : 0;
    struct str text = step == 1 ? str_dup(c->a, stmt_str(s, 1)) : STR_NONE;
    stmt_done(s);
    if (step <= 0)
        return step;
    if (json_parse(c->a, text, &moved, err) ||
        comments_back(c, gone, val_get(moved, STR("comments")), err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _merge SET undone_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- reading ---- */

static int gone_into(struct ctx *c, int64_t survivor, int64_t *ids, size_t *n, struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT gone FROM _merge WHERE undone_at IS NULL AND survivor = ");
    sql_bind_int(&q, survivor);
    sql_lit(&q, " ORDER BY id DESC");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    while ((step = stmt_step(s, err)) == 1 && *n < CHAIN_MAX) {
        bool there = stmt_int(s, 0) == ids[0];
        for (size_t i = 1; i < *n; i++)
            there = there || ids[i] == stmt_int(s, 0);
        if (!there)
            ids[(*n)++] = stmt_int(s, 0);
    }
    stmt_done(s);
    return step < 0 ? -1 : 0;
}

int merge_gone(struct ctx *c, int64_t survivor, int64_t **out, size_t *n, struct err *err)
{
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, CHAIN_MAX);
    size_t have = 1;
    ids[0] = survivor;
    for (size_t i = 0; i < have; i++)
        if (gone_into(c, ids[i], ids, &have, err))
            return -1;
    *out = ids + 1;
    *n = have - 1;
    return 0;
}

static int merge_json(struct ctx *c, const struct form *f, struct stmt *s, struct json *out,
                      struct err *err)
{
    char buf[16];
    struct str title = STR_NONE;
    int64_t gone = stmt_int(s, 3);
    const struct rec_key key = {f, gone, REC_ANY};
    bool by = !stmt_null(s, 2);
    int64_t who = by ? stmt_int(s, 2) : 0;
    bool named = !stmt_null(s, 5);
    struct str name = named ? str_dup(c->a, stmt_str(s, 5)) : STR_NONE;
    int may = record_could_read(c, f, gone, err);
    if (may < 0 || (may && record_title_in(c, &key, &title, err) < 0))
        return -1;
    json_begin_obj(out);
    json_kstr(out, "id", id_print(stmt_int(s, 0), buf));
    json_kval(out, "at", val_instant(stmt_int(s, 1)));
    json_kval(out, "by", by ? org_ref(c, who, name, named) : VAL_NONE);
    json_kval(out, "from", val_ref(c->a, gone, title));
    json_kval(out, "until", val_instant(stmt_int(s, 1) + MERGE_UNDO_US));
    json_kval(out, "undone_at", stmt_null(s, 4) ? VAL_NONE : val_instant(stmt_int(s, 4)));
    json_kbool(out, "mine", who && who == c->who->id);
    json_end_obj(out);
    return 0;
}

int merge_list(struct ctx *c, const struct form *f, int64_t record, struct json *out,
               struct err *err)
{
    struct sql q;
    struct stmt *s;
    int step;
    int may = record_can(c, f, record, RIGHT_READ, err);
    if (may <= 0)
        return may;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT g.id, g.at, g.who, g.gone, g.undone_at, m.name FROM _merge g"
                " LEFT JOIN _member m ON m.id = g.who");
    org_limit(c, &q, "m");
    sql_lit(&q, " WHERE g.survivor = ");
    sql_bind_int(&q, record);
    sql_lit(&q, " ORDER BY g.id DESC LIMIT 100");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("merges"));
    json_begin_list(out);
    while ((step = stmt_step(s, err)) == 1)
        if (merge_json(c, f, s, out, err)) {
            step = -1;
            break;
        }
    stmt_done(s);
    json_end_list(out);
    json_end_obj(out);
    return step < 0 ? -1 : 1;
}
