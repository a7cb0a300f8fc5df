/*
 * Sorting and paging by key. A cursor is the sort keys of the last row, signed with the
 * installation's secret together with the form, the sort and the reader: it continues that list
 * only. It widens no right; the rows that follow are tested like those of the first page.
 */
#include "engine/record/query_int.h"

#include "engine/base/utf8.h"
#include "engine/org/member.h"
#include "engine/record/schema.h"
#include "engine/vault/vault.h"

#define MAC_CHARS 32

/* ---- sort keys ---- */

struct str *split_commas(struct arena *a, struct str s, size_t *n)
{
    VEC(struct str) parts = {0};
    size_t from = 0;
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i <= s.n; i++) {
        char ch = i < s.n ? s.p[i] : ',';
        if (i < s.n && ch == '"')
            quoted = !quoted;
        if (i < s.n && !quoted)
            depth += (ch == '(' || ch == '[') - (ch == ')' || ch == ']');
        if (i == s.n || (ch == ',' && !quoted && depth <= 0)) {
            struct str part = str_trim(str_sub(s, from, i - from));
            if (part.n)
                (void)vec_push(a, &parts, part);
            from = i + 1;
        }
    }
    *n = parts.n;
    return parts.v;
}

static void order_zh(struct sort_col *col)
{
    struct sql q;
    sql_init(&q, col->expr.text.a, col->expr.dialect);
    sql_lit(&q, "(");
    sql_append(&q, &col->expr);
    sql_lit(&q, ") COLLATE \"zh\"");
    col->expr = q;
    col->zh = true;
}

/* A ref sorts by the name people see. */
static int ref_expr(struct access *x, const struct field *f, struct sort_col *col, struct err *err)
{
    struct sql *q = &col->expr;
    enum ref_kind kind = ref_kind_of(f);
    col->kind = COL_TEXT;
    sql_lit(q, "(SELECT ");
    if (kind == REF_ROW) {
        struct access *t;
        if (access_of(x->c, ref_target(f), &t, err) || access_title(t, q, 1, err))
            return -1;
        sql_lit(q, " FROM ");
        sql_form(q, ref_target(f));
        sql_lit(q, " t1 WHERE t1.\"_id\" = ");
        if (access_column(x, q, 0, f, ACCESS_COMPUTE, err))
            return -1;
        sql_lit(q, " AND ");
        if (access_rows(t, q, 1, RIGHT_READ, err))
            return -1;
    } else {
        if (kind == REF_MEMBER)
            sql_lit(q, "t1.name FROM _member t1 WHERE t1.id = ");
        else
            sql_lit(q, "t1.name FROM _department t1 WHERE t1.id = ");
        if (access_column(x, q, 0, f, ACCESS_COMPUTE, err))
            return -1;
        org_limit(x->c, q, "t1");
    }
    sql_lit(q, ")");
    order_zh(col);
    return 0;
}

static int field_expr(struct access *x, const struct field *f, struct sort_col *col,
                      struct err *err)
{
    bool multi = f->type && (f->type->flags & FT_MULTI);
    if (f != f->form->sys[SYS_ID] && ref_kind_of(f) != REF_NONE && !multi && !field_by_expr(f))
        return ref_expr(x, f, col, err);
    col->kind = field_column_kind(f);
    if (f == f->form->sys[SYS_ID] || f == f->form->sys[SYS_VERSION])
        col->kind = COL_INT; /* an id is a text in expressions only */
    if (f == f->form->sys[SYS_ID] || f == f->form->sys[SYS_CREATED_AT])
        col->nullable = access_show(x, f, FIELD_READ) != SHOW_ALWAYS;
    col->id = f == f->form->sys[SYS_ID] && !col->nullable;
    if (access_show(x, f, FIELD_READ) == SHOW_NEVER) { /* a bare NULL is no sort key there */
        sql_lit(&col->expr, "CAST(NULL AS TEXT)");
        return 0;
    }
    if (access_column(x, &col->expr, 0, f, ACCESS_COMPUTE, err))
        return -1;
    if (schema_ordered_zh(f))
        order_zh(col);
    return 0;
}

static enum col_kind type_kind(struct fx_type t)
{
    switch ((enum fx_base)t.base) {
    case FX_NUM: return COL_REAL;
    case FX_BOOL:
    case FX_DATE:
    case FX_DATETIME:
    case FX_TIME:
    case FX_LINK:
    case FX_MEMBER:
    case FX_DEPT: return COL_INT;
    case FX_BLANK:
    case FX_TEXT:
    case FX_ROWS:
    case FX_JSON: break;
    }
    return COL_TEXT;
}

static int text_expr(struct access *x, struct str text, struct sort_col *col, struct err *err)
{
    struct fx *fx = access_compile(x->c, x->f, text, FX_PLACE_GROUP, STR("sort"), err);
    if (!fx)
        return -1;
    struct fx_sql_env env = access_sql_env(x, 0, true);
    col->kind = type_kind(fx_type_of(fx));
    if (fx_type_of(fx).base == FX_BLANK) {
        sql_lit(&col->expr, "CAST(NULL AS TEXT)");
        return 0;
    }
    if (fx_sql_value(fx, &col->expr, &env, NULL, err))
        return -1;
    if (fx_type_of(fx).base == FX_TEXT && !fx_type_of(fx).options)
        order_zh(col);
    return 0;
}

static struct sort_col *new_col(struct access *x, struct sorting *out, bool descending)
{
    struct sort_col *col = &out->v[out->n++];
    *col = (struct sort_col){.descending = descending, .nullable = true};
    ctx_sql(x->c, &col->expr);
    return col;
}

static int add_text(struct access *x, struct str part, struct sorting *out, struct err *err)
{
    bool descending = part.p[0] == '-';
    if (part.p[0] == '-' || part.p[0] == '+')
        part = str_trim(str_sub(part, 1, part.n));
    struct sort_col *col = new_col(x, out, descending);
    const struct field *f = form_field(x->f, part);
    if (!f || f->sub || x->best_read[f->slot] < FIELD_MASKED)
        return text_expr(x, part, col, err);
    if (f->encrypted)
        return err_set(err, ERR_INVALID, "encrypted", "不能按字段“%.*s”排序：它加密存储。",
                       "Rows cannot be ordered by “%.*s”: it is encrypted.", STR_ARG(f->title));
    return field_expr(x, f, col, err);
}

static int add_view(struct access *x, const struct view *view, struct sorting *out,
                    struct strb *text, struct err *err)
{
    for (size_t i = 0; i < view->nsort && i < SORT_KEYS_MAX; i++) {
        const struct sort_key *k = &view->sort[i];
        const struct field *f = k->field ? k->field : x->f->sys[k->sys];
        if (x->best_read[f->slot] < FIELD_READ)
            continue; /* a view never fails */
        strb_addf(text, "%s%.*s,", k->descending ? "-" : "", STR_ARG(f->key));
        if (field_expr(x, f, new_col(x, out, k->descending), err))
            return -1;
    }
    return 0;
}

int sorting_make(struct access *x, struct str text, const struct view *view, struct sorting *out,
                 struct err *err)
{
    struct arena *a = x->c->a;
    struct strb sign;
    size_t n;
    struct str *parts = split_commas(a, text, &n);
    if (n > SORT_KEYS_MAX) {
        err_set(err, ERR_INVALID, "sort", "排序最多 %d 项。", "At most %d sort keys.",
                SORT_KEYS_MAX);
        err_at(err, "sort");
        return -1;
    }
    *out = (struct sorting){.x = x, .v = ARENA_ARRAY(a, struct sort_col, SORT_KEYS_MAX + 1)};
    strb_init(&sign, a);
    strb_add(&sign, text);
    for (size_t i = 0; i < n; i++)
        if (add_text(x, parts[i], out, err))
            return -1;
    if (!n && view && add_view(x, view, out, &sign, err))
        return -1;
    out->text = strb_str(&sign);
    if (out->n && out->v[out->n - 1].id)
        return 0;
    /* The last key is the id, in the direction of the key before it, so that one index serves both.
     */
    struct sort_col *id = new_col(x, out, out->n ? out->v[out->n - 1].descending : true);
    id->kind = COL_INT;
    id->nullable = false;
    sql_lit(&id->expr, "t0.\"_id\"");
    return 0;
}

/* ---- SQL ---- */

static void direction(struct sql *q, const struct sort_col *col)
{
    if (col->descending)
        sql_lit(q, " DESC NULLS LAST");
    else
        sql_lit(q, " ASC NULLS FIRST");
}

void sorting_order(const struct sorting *s, struct sql *q)
{
    for (size_t i = 0; i < s->n; i++) {
        if (i)
            sql_lit(q, ", ");
        else
            sql_lit(q, " ORDER BY ");
        sql_append(q, &s->v[i].expr);
        direction(q, &s->v[i]);
    }
}

void sorting_order_outer(const struct sorting *s, struct sql *q)
{
    for (size_t i = 0; i < s->n; i++) {
        if (i)
            sql_lit(q, ", p.k");
        else
            sql_lit(q, " ORDER BY p.k");
        sql_int(q, (int64_t)i);
        if (s->v[i].zh)
            sql_lit(q, " COLLATE \"zh\"");
        direction(q, &s->v[i]);
    }
}

void sorting_select(const struct sorting *s, struct sql *q)
{
    for (size_t i = 0; i < s->n; i++) {
        sql_lit(q, ", ");
        sql_append(q, &s->v[i].expr);
        sql_lit(q, " AS k");
        sql_int(q, (int64_t)i);
    }
}

/*
 * What comes after a row, as parts that exclude each other: the same first keys and one that goes
 * on. Each is a range of an index that has the keys; their OR would be none. Blanks are first
 * upwards and last downwards.
 */
static void add_part(struct after *out, size_t key, enum after_how how)
{
    out->parts[out->n++] = (struct after_part){key, how};
}

void sorting_parts(const struct sorting *s, const struct val *keys, struct after *out)
{
    *out = (struct after){.keys = keys};
    for (size_t i = s->n; i-- > 0;) { /* the nearest rows first */
        const struct sort_col *col = &s->v[i];
        bool blank = val_is_blank(keys[i]);
        if (blank && !col->descending)
            add_part(out, i, AFTER_FILLED);
        else if (!blank)
            add_part(out, i, col->descending ? AFTER_LESS : AFTER_MORE);
        if (!blank && col->descending && col->nullable)
            add_part(out, i, AFTER_BLANK);
    }
}

static void key_is(struct sql *q, const struct sort_col *col, struct val v)
{
    sql_append(q, &col->expr);
    if (val_is_blank(v)) {
        sql_lit(q, " IS NULL AND ");
        return;
    }
    sql_lit(q, " = ");
    sql_bind(q, v);
    sql_lit(q, " AND ");
}

static void key_goes_on(struct sql *q, const struct sort_col *col, enum after_how how, struct val v)
{
    sql_append(q, &col->expr);
    switch (how) {
    case AFTER_FILLED: sql_lit(q, " IS NOT NULL"); return;
    case AFTER_BLANK: sql_lit(q, " IS NULL"); return;
    case AFTER_MORE: sql_lit(q, " > "); break;
    case AFTER_LESS: sql_lit(q, " < "); break;
    }
    sql_bind(q, v);
}

void sorting_part(const struct sorting *s, struct sql *q, const struct after *after, size_t part)
{
    const struct after_part *p = &after->parts[part];
    sql_lit(q, " AND (");
    for (size_t k = 0; k < p->key; k++)
        key_is(q, &s->v[k], after->keys[k]);
    key_goes_on(q, &s->v[p->key], p->how, after->keys[p->key]);
    sql_lit(q, ")");
}

/* ---- cursor texts: base64url of the keys as JSON, a dot, the signature ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str encode(struct arena *a, struct str s)
{
    struct strb b;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        uint32_t w = (uint32_t)(unsigned char)s.p[i] << 16;
        w |= left > 1 ? (uint32_t)(unsigned char)s.p[i + 1] << 8 : 0;
        w |= left > 2 ? (uint32_t)(unsigned char)s.p[i + 2] : 0;
        for (size_t k = 0; k <= MIN(left, (size_t)3); k++)
            strb_addc(&b, digits[w >> (18 - 6 * k) & 63]);
    }
    return strb_str(&b);
}

static bool decode(struct arena *a, struct str s, struct str *out)
{
    struct strb b;
    uint32_t w = 0;
    unsigned bits = 0;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n; i++) {
        const char *at = memchr(digits, s.p[i], 64);
        if (!at)
            return false;
        w = w << 6 | (uint32_t)(at - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            strb_addc(&b, (char)(w >> bits & 255));
        }
    }
    *out = strb_str(&b);
    return true;
}

static int sign(const struct sorting *s, struct str keys, struct str *out, struct err *err)
{
    struct ctx *c = s->x->c;
    const struct form *f = s->x->f;
    struct str secret;
    if (org_secret(c, &secret, err))
        return -1;
    if (!secret.n)
        secret = STR("none"); /* before the first start: signs the shape, keeps no secret */
    struct str all =
        str_fmt(c->a, "%.*s/%.*s/%lld/%.*s/%.*s", STR_ARG(f->app->key), STR_ARG(f->key),
                (long long)c->who->id, STR_ARG(s->text), STR_ARG(keys));
    *out = str_sub(vault_hmac_hex(c->a, secret, all), 0, MAC_CHARS);
    return 0;
}

int cursor_text(const struct sorting *s, struct stmt *st, int from, struct str *out,
                struct err *err)
{
    struct ctx *c = s->x->c;
    struct strb b;
    struct json j;
    strb_init(&b, c->a);
    json_init(&j, &b);
    json_begin_list(&j);
    for (size_t i = 0; i < s->n; i++) {
        int col = from + (int)i;
        if (stmt_null(st, col))
            json_blank(&j);
        else if (s->v[i].kind == COL_INT)
            json_int(&j, stmt_int(st, col));
        else if (s->v[i].kind == COL_REAL)
            json_num(&j, stmt_num(st, col));
        else
            json_str(&j, stmt_str(st, col));
    }
    json_end_list(&j);
    struct str keys = encode(c->a, strb_str(&b));
    struct str mac;
    if (sign(s, keys, &mac, err))
        return -1;
    *out = str_fmt(c->a, "%.*s.%.*s", STR_ARG(keys), STR_ARG(mac));
    return 0;
}

static int bad_cursor(struct err *err)
{
    err_set(err, ERR_INVALID, "cursor", "翻页标记无效，请从第一页重新开始。",
            "This page mark is not valid; please start from the first page.");
    err_at(err, "after");
    return -1;
}

int cursor_read(const struct sorting *s, struct str text, struct val **out, struct err *err)
{
    struct ctx *c = s->x->c;
    struct str keys;
    struct str mac;
    struct str json;
    struct val list;
    struct str given = str_cut(text, '.', &keys);
    if (text.n > 16384 || sign(s, keys, &mac, err))
        return text.n > 16384 ? bad_cursor(err) : -1;
    struct err bad = ERR_INIT;
    if (!vault_same(given, mac) || !decode(c->a, keys, &json) ||
        json_parse(c->a, json, &list, &bad) || list.kind != VAL_LIST || list.n != s->n)
        return bad_cursor(err);
    *out = ARENA_ARRAY(c->a, struct val, s->n);
    for (size_t i = 0; i < s->n; i++) {
        struct val v = list.list[i];
        if (v.kind == VAL_NUM && s->v[i].kind == COL_INT)
            v = val_dec((int64_t)v.num, 0);
        (*out)[i] = v;
    }
    return 0;
}
