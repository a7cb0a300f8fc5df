/*
 * Rows of _saved_view: kept as the member said it, tested against his rights when kept and against
 * the reader's when read.
 */
#include "engine/record/saved_view.h"

#include "engine/record/sealed.h"

#include "engine/base/utf8.h"
#include "engine/record/query_int.h"
#include "engine/org/member.h"

#define TITLE_MAX 80
#define VIEWS_MAX 100 /* of one member on one form */
#define TEXT_MAX  8192

/* ---- what it may say ---- */

static const struct str TYPES[] = {STR("grid"),    STR("kanban"), STR("calendar"), STR("gantt"),
                                   STR("gallery"), STR("tree"),   STR("list")};

static struct val member_of(struct val def, const char *key)
{
    struct val v = val_get(def, str_of(key));
    return v.kind == VAL_ABSENT ? VAL_NONE : v;
}

static int wrong(struct err *err, const char *field)
{
    (void)err_set(err, ERR_INVALID, "bad_value", "视图的 %s 不正确。",
                  "%s of the view is not valid.", field);
    err_at(err, "%s", field);
    return -1;
}

static int good_filter(struct access *x, struct str text, struct err *err)
{
    text = str_trim(text);
    if (text.n > TEXT_MAX)
        return wrong(err, "filter");
    return !text.n || access_compile(x->c, x->f, text, FX_PLACE_FILTER, STR("filter"), err) ? 0
                                                                                            : -1;
}

static int good_sort(struct access *x, struct str text, struct err *err)
{
    struct sorting ignored;
    return text.n > TEXT_MAX ? wrong(err, "sort") : sorting_make(x, text, NULL, &ignored, err);
}

static const struct field *shown(const struct access *x, struct val key)
{
    const struct field *f = form_field(x->f, val_str(key));
    return f && x->best_read[f->slot] >= FIELD_MASKED ? f : NULL;
}

static int good_columns(struct access *x, struct val columns, struct err *err)
{
    if (!val_is_blank(columns) && columns.kind != VAL_LIST)
        return wrong(err, "columns");
    for (uint32_t i = 0; columns.kind == VAL_LIST && i < columns.n; i++)
        if (!shown(x, columns.list[i])) {
            (void)err_set(err, ERR_INVALID, "unknown_field", "没有字段“%.*s”。",
                          "There is no field “%.*s”.", STR_ARG(val_str(columns.list[i])));
            err_at(err, "columns");
            return -1;
        }
    return 0;
}

static int good_type(struct val type, struct err *err)
{
    if (val_is_blank(type))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++)
        if (str_eq(TYPES[i], val_str(type)))
            return 0;
    return wrong(err, "type");
}

static int good_roles(struct access *x, struct val shared, struct err *err)
{
    if (val_is_blank(shared) || shared.kind == VAL_ABSENT)
        return 0;
    if (shared.kind != VAL_LIST)
        return wrong(err, "shared");
    if (!(access_rights(x) & RIGHT_SHARE))
        return err_set(err, ERR_DENIED, "denied", "您没有权限共享视图。",
                       "You may not share views.");
    for (uint32_t i = 0; i < shared.n; i++) {
        bool known = false;
        for (size_t k = 0; k < x->f->app->nroles; k++)
            known |= str_eq(x->f->app->roles[k].key, val_str(shared.list[i]));
        if (!known)
            return wrong(err, "shared");
    }
    return 0;
}

static int good(struct access *x, struct saved_view *v, struct err *err)
{
    v->title = str_trim(v->title);
    if (!v->title.n || utf8_len(v->title) > TITLE_MAX) {
        (void)err_set(err, ERR_INVALID, "required", "视图名称应为 1 到 %d 个字符。",
                      "A view's title has 1 to %d characters.", TITLE_MAX);
        err_at(err, "title");
        return -1;
    }
    struct val base = member_of(v->def, "view");
    if (!val_is_blank(base) && !form_view(v->form, val_str(base)))
        return wrong(err, "view");
    return good_filter(x, val_str(member_of(v->def, "filter")), err) ||
                   good_sort(x, val_str(member_of(v->def, "sort")), err) ||
                   good_columns(x, member_of(v->def, "columns"), err) ||
                   good_type(member_of(v->def, "type"), err) || good_roles(x, v->shared, err)
               ? -1
               : 0;
}

/* ---- keeping ---- */

static struct str def_text(struct ctx *c, struct val def)
{
    static const char *const keys[] = {"view", "filter", "sort", "search", "type", "columns"};
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct val v = member_of(def, keys[i]);
        if (v.kind == VAL_TEXT || v.kind == VAL_LIST) {
            json_key(&j, str_of(keys[i]));
            json_val(&j, v);
        }
    }
    json_end_obj(&j);
    return strb_str(&b);
}

static struct str list_text(struct ctx *c, struct val list)
{
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (uint32_t i = 0; list.kind == VAL_LIST && i < list.n; i++)
        json_val(&j, list.list[i]);
    json_end_list(&j);
    return strb_str(&b);
}

static void of_mine(struct ctx *c, const struct form *f, struct sql *q)
{
    sql_lit(q, " app = ");
    sql_bind_str(q, f->app->key);
    sql_lit(q, " AND form = ");
    sql_bind_str(q, f->key);
    sql_lit(q, " AND member = ");
    sql_bind_int(q, c->who->id);
}

/* Its filter may name what is looked for in a sensitive field. */
static int seal_def(struct ctx *c, const struct saved_view *v, struct str *out, struct err *err)
{
    const struct vault_on on = sealer_of(c);
    const struct sealed_text at = {v->form->app->key, STR("_saved_view"), v->id, 0};
    return sealed_text_put(&on, &at, def_text(c, v->def), out, err);
}

static int insert(struct ctx *c, struct saved_view *v, struct err *err)
{
    struct sql q;
    struct str def;
    int64_t n = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _saved_view WHERE");
    of_mine(c, v->form, &q);
    if (store_get_int(c->db, c->a, &q, &n, err) < 0)
        return -1;
    if (n >= VIEWS_MAX)
        return err_set(err, ERR_INVALID, "too_many_views", "每张表单最多保存 %d 个视图。",
                       "At most %d views are kept for a form.", VIEWS_MAX);
    v->id = id_next(c->ids, c->now_us);
    if (seal_def(c, v, &def, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _saved_view (id, app, form, member, title, def, shared, created_at,"
                " updated_at) VALUES (");
    sql_bind_int(&q, v->id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, v->form->app->key);
    sql_lit(&q, ", ");
    sql_bind_str(&q, v->form->key);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->who->id);
    sql_lit(&q, ", ");
    sql_bind_str(&q, v->title);
    sql_lit(&q, ", ");
    sql_bind_str(&q, def);
    sql_lit(&q, ", ");
    sql_bind_str(&q, list_text(c, v->shared));
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err);
}

static int none_such(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个视图，或它不是您的。",
                   "There is no such view, or it is not yours.");
}

static int update(struct ctx *c, struct saved_view *v, struct err *err)
{
    struct sql q;
    struct str def;
    int64_t n;
    if (seal_def(c, v, &def, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _saved_view SET title = ");
    sql_bind_str(&q, v->title);
    sql_lit(&q, ", def = ");
    sql_bind_str(&q, def);
    sql_lit(&q, ", shared = ");
    sql_bind_str(&q, list_text(c, v->shared));
    sql_lit(&q, ", updated_at = ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, v->id);
    sql_lit(&q, " AND");
    of_mine(c, v->form, &q);
    if (store_exec(c->db, c->a, &q, &n, err))
        return -1;
    return n ? 0 : none_such(err);
}

int saved_view_put(struct ctx *c, struct saved_view *v, struct err *err)
{
    struct access *x;
    if (query_access(c, v->form, false, &x, err) || good(x, v, err))
        return -1;
    return v->fresh ? insert(c, v, err) : update(c, v, err);
}

int saved_view_delete(struct ctx *c, const struct saved_view *v, struct err *err)
{
    struct sql q;
    int64_t n;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _saved_view WHERE id = ");
    sql_bind_int(&q, v->id);
    sql_lit(&q, " AND");
    of_mine(c, v->form, &q);
    if (store_exec(c->db, c->a, &q, &n, err))
        return -1;
    return n ? 0 : none_such(err);
}

/* ---- reading ---- */

static bool mine_by_role(struct ctx *c, const struct form *f, struct val shared)
{
    for (uint32_t i = 0; shared.kind == VAL_LIST && i < shared.n; i++)
        if (who_has_role(c->who, f->app->key, val_str(shared.list[i])))
            return true;
    return false;
}

static void text_member(struct json *j, const char *key, struct val v, bool broken)
{
    json_key(j, str_of(key));
    json_val(j, broken ? VAL_NONE : v);
}

static void def_json(struct access *x, struct val def, struct json *j)
{
    struct err ignored = ERR_INIT;
    struct val columns = member_of(def, "columns");
    bool filter = good_filter(x, val_str(member_of(def, "filter")), &ignored) != 0;
    bool sort = good_sort(x, val_str(member_of(def, "sort")), &ignored) != 0;
    struct val base = member_of(def, "view");
    text_member(j, "view", base, !form_view(x->f, val_str(base)));
    text_member(j, "filter", member_of(def, "filter"), filter);
    text_member(j, "sort", member_of(def, "sort"), sort);
    text_member(j, "search", member_of(def, "search"), false);
    text_member(j, "type", member_of(def, "type"), false);
    json_key(j, STR("columns"));
    json_begin_list(j);
    for (uint32_t i = 0; columns.kind == VAL_LIST && i < columns.n; i++)
        if (shown(x, columns.list[i]))
            json_val(j, columns.list[i]);
    json_end_list(j);
    json_kbool(j, "broken", filter || sort);
}

/* Writes one row when it is for the reader. */
static int row_json(struct access *x, struct stmt *s, struct json *j, struct err *err)
{
    struct ctx *c = x->c;
    struct val def;
    struct val shared;
    char buf[16];
    const struct vault_on on = sealer_of(c);
    const struct sealed_text at = {x->f->app->key, STR("_saved_view"), stmt_int(s, 0), 0};
    struct str text = STR_NONE;
    if (sealed_text_get(&on, &at, str_dup(c->a, stmt_str(s, 4)), &text, err) ||
        json_parse(c->a, text.n ? text : STR("{}"), &def, err) ||
        json_parse(c->a, str_dup(c->a, stmt_str(s, 5)), &shared, err))
        return -1;
    bool mine = stmt_int(s, 2) == c->who->id;
    if (!mine && !mine_by_role(c, x->f, shared))
        return 0;
    json_begin_obj(j);
    json_kstr(j, "id", id_print(stmt_int(s, 0), buf));
    json_kstr(j, "title", stmt_str(s, 1));
    json_kbool(j, "mine", mine);
    json_kval(j, "by", val_ref(c->a, stmt_int(s, 2), str_dup(c->a, stmt_str(s, 3))));
    json_key(j, STR("shared"));
    json_begin_list(j);
    for (uint32_t i = 0; shared.kind == VAL_LIST && i < shared.n; i++)
        json_val(j, shared.list[i]);
    json_end_list(j);
    def_json(x, def, j);
    json_end_obj(j);
    return 0;
}

static int rows_json(struct access *x, int64_t id, struct json *j, struct err *err)
{
    struct ctx *c = x->c;
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT v.id, v.title, v.member, m.name, v.def, v.shared FROM _saved_view v"
                " LEFT JOIN _member m ON m.id = v.member");
    org_limit(c, &q, "m");
    sql_lit(&q, " WHERE v.app = ");
    sql_bind_str(&q, x->f->app->key);
    sql_lit(&q, " AND v.form = ");
    sql_bind_str(&q, x->f->key);
    if (id) {
        sql_lit(&q, " AND v.id = ");
        sql_bind_int(&q, id);
    } else {
        sql_lit(&q, " AND (v.member = ");
        sql_bind_int(&q, c->who->id);
        sql_lit(&q, " OR v.shared <> '[]')");
    }
    sql_lit(&q, " ORDER BY v.id LIMIT 500");
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int step;
    while ((step = stmt_step(s, err)) == 1)
        if (row_json(x, s, j, err)) {
            step = -1;
            break;
        }
    stmt_done(s);
    return step;
}

int saved_view_list(struct ctx *c, const struct form *f, struct json *out, struct err *err)
{
    struct access *x;
    if (query_access(c, f, false, &x, err))
        return -1;
    json_begin_obj(out);
    json_key(out, STR("views"));
    json_begin_list(out);
    if (rows_json(x, 0, out, err))
        return -1;
    json_end_list(out);
    json_key(out, STR("share_with"));
    json_begin_list(out);
    for (size_t i = 0; (access_rights(x) & RIGHT_SHARE) && i < f->app->nroles; i++) {
        json_begin_obj(out);
        json_kstr(out, "key", f->app->roles[i].key);
        json_kstr(out, "title", f->app->roles[i].title);
        json_end_obj(out);
    }
    json_end_list(out);
    json_end_obj(out);
    return 0;
}

int saved_view_json(struct ctx *c, const struct saved_view *v, struct json *out, struct err *err)
{
    struct access *x;
    return query_access(c, v->form, false, &x, err) || rows_json(x, v->id, out, err) ? -1 : 0;
}
