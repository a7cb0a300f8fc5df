/*
 * Uploaded files: adding, reading with the rights of the record that holds them, forgetting.
 */
#include "engine/record/file.h"

#include "engine/base/utf8.h"
#include "engine/record/draft.h"
#include "engine/record/file_int.h"
#include "engine/record/record_int.h"

/* ---- names ---- */

/* Turns that make "exe.gpj" look like "jpg.exe", and what a file system or a header cannot bear. */
static bool bad_char(uint32_t ch)
{
    return ch < 0x20 || ch == 0x7F || ch == '/' || ch == '\\' || ch == '"' || ch == ':' ||
           ch == '*' || ch == '?' || ch == '<' || ch == '>' || ch == '|' ||
           (ch >= 0x200B && ch <= 0x200F) || (ch >= 0x202A && ch <= 0x202E) ||
           (ch >= 0x2066 && ch <= 0x2069) || ch == 0xFEFF;
}

static struct str base_name(struct str name)
{
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/' || name.p[i - 1] == '\\')
            return str_sub(name, i, name.n);
    return name;
}

struct str file_name(struct arena *a, struct str name)
{
    struct strb b;
    size_t chars = 0;
    name = base_name(name);
    strb_init(&b, a);
    for (size_t at = 0; at < name.n && chars < FILE_NAME_MAX;) {
        size_t from = at;
        if (bad_char(utf8_next(name, &at)))
            continue;
        strb_add(&b, str_sub(name, from, at - from));
        chars++;
    }
    struct str out = str_trim(strb_str(&b));
    while (out.n && out.p[0] == '.')
        out = str_sub(out, 1, out.n);
    return out.n ? out : STR("file");
}

/* ---- adding ---- */

static int loose_now(struct ctx *c, const struct file *f, int64_t *n, int64_t *bytes,
                     struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM _file WHERE record IS NULL AND ");
    if (c->who->kind == WHO_MEMBER) {
        sql_lit(&q, "created_by = ");
        sql_bind_int(&q, c->who->id);
    } else {
        sql_lit(&q, "created_by IS NULL AND app = ");
        sql_bind_str(&q, f->app);
        sql_lit(&q, " AND form = ");
        sql_bind_str(&q, f->form);
    }
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    *n = rc == 1 ? stmt_int(s, 0) : 0;
    *bytes = rc == 1 ? (int64_t)stmt_num(s, 1) : 0;
    stmt_done(s);
    return rc < 0 ? -1 : 0;
}

static struct val text_or_null(struct str s)
{
    return s.n ? val_text(s) : VAL_NONE;
}

int file_add(struct ctx *c, struct file *f, struct err *err)
{
    struct sql q;
    int64_t n, bytes;
    if (loose_now(c, f, &n, &bytes, err))
        return -1;
    if (n >= FILE_LOOSE_MAX || bytes + f->size_bytes > FILE_LOOSE_SIZE)
        return err_set(err, ERR_LIMIT, "loose_files",
                       "尚未随记录保存的文件过多（最多 %d 个、1 GB），请先保存或删除。",
                       "Too many files wait for a record that holds them (at most %d, 1 GB); save "
                       "or remove them first.",
                       FILE_LOOSE_MAX);
    f->id = id_next(c->ids, c->now_us);
    f->created_by = c->who->kind == WHO_MEMBER ? c->who->id : 0;
    const struct val values[] = {
        val_text(STR("-")), /* it stands sealed */
        val_text(f->type),     val_dec(f->size_bytes, 0),
        val_text(f->hash),     val_text(f->hash),
        text_or_null(f->app),  text_or_null(f->form),
        val_dec(c->now_us, 0), f->created_by ? val_dec(f->created_by, 0) : VAL_NONE};
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _file (id, name, type, size, hash, stored_as, app, form, created_at,"
                " created_by) VALUES (");
    sql_bind_int(&q, f->id);
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        sql_lit(&q, ", ");
        sql_bind(&q, values[i]);
    }
    sql_lit(&q, ")");
    return store_exec(c->db, c->a, &q, NULL, err) || file_seal(c, f, 0, err) ? -1 : 0;
}

int file_copy(struct ctx *c, struct file *f, struct err *err)
{
    struct sql q;
    int64_t id = id_next(c->ids, c->now_us);
    ctx_sql(c, &q);
    sql_lit(&q, "INSERT INTO _file (id, name, type, size, hash, stored_as, created_at, created_by)"
                " SELECT ");
    sql_bind_int(&q, id);
    sql_lit(&q, ", name, type, size, hash, stored_as, ");
    sql_bind_int(&q, c->now_us);
    sql_lit(&q, ", created_by FROM _file WHERE id = ");
    sql_bind_int(&q, f->id);
    f->id = id;
    f->app = STR_NONE;
    if (store_exec(c->db, c->a, &q, NULL, err))
        return -1;
    return f->sealed ? file_seal(c, f, 0, err) : 0;
}

/* ---- reading ---- */

static int load(struct ctx *c, int64_t id, struct file *f, struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT name, type, size, stored_as, record, app, form, field, created_by, sealed"
                " FROM _file WHERE id = ");
    sql_bind_int(&q, id);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    struct str sealed = STR_NONE;
    int rc = stmt_step(s, err);
    if (rc == 1)
        *f = (struct file){.id = id,
                           .name = str_dup(c->a, stmt_str(s, 0)),
                           .type = str_dup(c->a, stmt_str(s, 1)),
                           .size_bytes = stmt_int(s, 2),
                           .hash = str_dup(c->a, stmt_str(s, 3)),
                           .record = stmt_int(s, 4),
                           .app = str_dup(c->a, stmt_str(s, 5)),
                           .form = str_dup(c->a, stmt_str(s, 6)),
                           .field = str_dup(c->a, stmt_str(s, 7)),
                           .created_by = stmt_int(s, 8)};
    if (rc == 1)
        sealed = str_dup(c->a, stmt_str(s, 9));
    stmt_done(s);
    return rc == 1 && sealed.n && file_unseal(c, f, sealed, err) ? -1 : rc;
}

/* What a held file is asked about. */
struct held {
    struct ctx *c;
    const struct file *file;
    const struct form *form;
    const struct field *table; /* the field is a column of it; NULL: of the record */
    const struct field *field;
};

static bool find_field(struct held *h)
{
    struct str head, tail = str_cut(h->file->field, '.', &head);
    const struct field *f = form_field(h->form, head);
    if (f && tail.n && f->sub) {
        h->table = f;
        f = form_field(f->sub, tail);
    }
    h->field = f;
    return f && !field_is_sys(f);
}

static bool is_signature(const struct file *f)
{
    return str_eq(f->field, FILE_SIGNATURE);
}

/* The field is shown in clear on the row. */
static int field_cond(const struct held *h, struct access *x, struct sql *q, struct err *err)
{
    if (!h->table)
        return access_show_cond(x, q, 0, h->field, FIELD_READ, err);
    if (access_show_cond(x, q, 0, h->table, FIELD_READ, err))
        return -1;
    if (x->system)
        return 0;
    sql_lit(q, " AND ");
    return access_sub_cond(x, q, 0, h->field, FIELD_READ, err);
}

/* The record is visible for `right` and the field, if one holds the file, is shown in clear on it:
 * 1, 0, -1. */
static int shown(const struct held *h, unsigned right, enum rec_where where, struct err *err)
{
    struct access *x;
    struct sql q;
    int64_t one;
    int rc = 0;
    if (access_of(h->c, h->form, &x, err))
        return -1;
    if (!x->system && !(access_rights(x) & right))
        return 0;
    ctx_sql(h->c, &q);
    sql_lit(&q, "SELECT 1 FROM ");
    sql_form(&q, h->form);
    sql_lit(&q, " t0 WHERE t0.\"_id\" = ");
    sql_bind_int(&q, h->file->record);
    sql_lit(&q, " AND ");
    if (access_rows_in(x, &q, 0, right, where, err))
        return -1;
    if (h->field) {
        sql_lit(&q, " AND ");
        rc = field_cond(h, x, &q, err);
    }
    return rc ? -1 : store_get_int(h->c->db, h->c->a, &q, &one, err);
}

static bool names_file(struct val v, int64_t id)
{
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++)
        if (v.list[i].kind == VAL_REF && v.list[i].ref->id == id)
            return true;
    return false;
}

/* Does the record still hold it, or only its history? 1, 0, -1 */
static int held_now(const struct held *h, struct err *err)
{
    struct rec row;
    int rc = record_load(h->c, h->form, h->file->record, REC_ANY, &row, err);
    if (rc <= 0)
        return rc;
    if (!h->table)
        return names_file(row.v[h->field->slot], h->file->id);
    for (size_t i = 0; row.rows && i < row.rows[h->table->slot].n; i++)
        if (names_file(row.rows[h->table->slot].v[i].v[h->field->slot], h->file->id))
            return 1;
    return 0;
}

static int may_read_held(struct held *h, struct err *err)
{
    int rc = shown(h, RIGHT_READ, REC_LIVE, err);
    if (rc == 0)
        rc = shown(h, RIGHT_RESTORE, REC_BIN, err);
    if (rc != 1 || !h->field)
        return rc;
    rc = held_now(h, err);
    return rc == 0 ? record_can(h->c, h->form, h->file->record, RIGHT_HISTORY, err) : rc;
}

int file_load(struct ctx *c, int64_t id, struct file *out, struct err *err)
{
    return load(c, id, out, err);
}

int file_readable(struct ctx *c, const struct form *f, const struct file *file, struct err *err)
{
    struct held h = {.c = c, .file = file, .form = f};
    if (ctx_is_system(c))
        return 1;
    if (!file->record)
        return c->who->kind == WHO_MEMBER && file->created_by == c->who->id;
    return f && (is_signature(file) || find_field(&h)) ? may_read_held(&h, err) : 0;
}

/* ---- forgetting ---- */

int file_drop(struct ctx *c, int64_t id, struct err *err)
{
    struct sql q;
    int64_t gone = 0;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _file WHERE record IS NULL AND id = ");
    sql_bind_int(&q, id);
    sql_lit(&q, " AND created_by = ");
    sql_bind_int(&q, c->who->id);
    if (store_exec(c->db, c->a, &q, &gone, err))
        return -1;
    return gone > 0;
}

static bool holds_files(const struct form *f)
{
    if (f->flow)
        return true; /* signatures */
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *x = f->fields[i];
        if (x->sub ? holds_files(x->sub) : field_holds_files(x))
            return true;
    }
    return false;
}

int file_purge_form(struct ctx *c, const struct form *f, struct err *err)
{
    struct sql q;
    if (!holds_files(f))
        return 0;
    ctx_sql(c, &q);
    sql_lit(&q, "DELETE FROM _file WHERE record IS NOT NULL AND app = ");
    sql_bind_str(&q, f->app->key);
    sql_lit(&q, " AND form = ");
    sql_bind_str(&q, f->key);
    sql_lit(&q, " AND NOT EXISTS (SELECT 1 FROM ");
    sql_form(&q, f);
    sql_lit(&q, " t0 WHERE t0.\"_id\" = _file.record)");
    return store_exec(c->db, c->a, &q, NULL, err);
}

int file_purge_loose(struct ctx *c, struct err *err)
{
    struct sql q;
    if (draft_purge(c, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q,
            "DELETE FROM _file WHERE record IS NULL AND id NOT IN (SELECT file FROM _draft_file)"
            " AND created_at < ");
    sql_bind_int(&q, c->now_us - FILE_LOOSE_US);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int file_in_use(struct ctx *c, struct str hash, struct err *err)
{
    struct sql q;
    int64_t one;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT 1 FROM _file WHERE stored_as = ");
    sql_bind_str(&q, hash);
    sql_lit(&q, " LIMIT 1");
    return store_get_int(c->db, c->a, &q, &one, err);
}
