/*
 * What a row of _file keeps sealed: the key of its content and its name. The content itself is
 * written once; who may open it changes by sealing this text under another key.
 */
#include "engine/record/file_int.h"

#include "engine/record/sealed.h"

#include "engine/record/record_int.h"

#define PAGE 200

/* Of the app that the row names; a file of no app yet is the installation's. */
static struct sealed_text place_of(const struct file *f, int64_t subject)
{
    return (struct sealed_text){f->app.n ? f->app : STR("_system"), STR("_file"), f->id, subject};
}

int file_unseal(struct ctx *c, struct file *f, struct str sealed, struct err *err)
{
    struct str text = STR_NONE, key;
    const struct vault_on on = sealer_of(c);
    const struct sealed_text at = place_of(f, 0);
    f->sealed = true;
    if (sealed_text_get(&on, &at, sealed, &text, err))
        return -1;
    f->erased = !text.n;
    f->name = str_cut(text, ' ', &key);
    if (f->erased || content_key_parse(key, &f->key))
        return 0;
    return err_set(err, ERR_STORE, "file_damaged", "文件的内容已损坏。",
                   "The content of the file is damaged.");
}

int file_seal(struct ctx *c, const struct file *f, int64_t subject, struct err *err)
{
    struct sql q;
    struct str sealed;
    const struct vault_on on = sealer_of(c);
    const struct sealed_text at = place_of(f, subject);
    struct str key = content_key_text(c->a, &f->key);
    struct str text = str_fmt(c->a, "%.*s %.*s", STR_ARG(key), STR_ARG(f->name));
    if (sealed_text_put(&on, &at, text, &sealed, err))
        return -1;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _file SET name = '', sealed = ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, f->id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* ---- a record's ---- */

static int set_place(struct ctx *c, const struct file_claim *k, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _file SET app = ");
    sql_bind_str(&q, k->app);
    sql_lit(&q, ", form = ");
    sql_bind_str(&q, k->form);
    sql_lit(&q, ", record = ");
    sql_bind_int(&q, k->record);
    sql_lit(&q, ", field = ");
    sql_bind_str(&q, k->field);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, k->file);
    return store_exec(c->db, c->a, &q, NULL, err);
}

/* Does this person's key seal it already? A file that a field of nobody's holds has no such key:
 * it stays as it was sealed (rotation, and a publish that changes the field, seal it again). */
static int sealed_for(struct ctx *c, int64_t file, int64_t subject, struct err *err)
{
    struct sql q;
    struct stmt *s;
    struct str text = STR_NONE;
    int64_t has = -1;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT sealed FROM _file WHERE id = ");
    sql_bind_int(&q, file);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc = stmt_step(s, err);
    if (rc == 1)
        text = str_dup(c->a, stmt_str(s, 0));
    stmt_done(s);
    if (rc < 0 || !vault_key_of(text))
        return rc < 0 ? -1 : 1;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT subject FROM _vault_key WHERE id = ");
    sql_bind_int(&q, vault_key_of(text));
    return store_get_int(c->db, c->a, &q, &has, err) < 0 ? -1 : has == subject;
}

int file_claim(struct ctx *c, const struct file_claim *k, struct err *err)
{
    struct file f = {0};
    int rc = file_load(c, k->file, &f, err);
    if (rc <= 0 || (f.record && f.record != k->record))
        return rc < 0 ? -1 : 0;
    if (f.record && f.sealed) {
        rc = sealed_for(c, f.id, k->subject, err);
        if (rc)
            return rc;
    } else if (set_place(c, k, err)) {
        return -1;
    }
    if (!f.sealed || f.erased)
        return 1;
    f.app = k->app;
    return file_seal(c, &f, k->subject, err) ? -1 : 1;
}

/* ---- whose key ---- */

static const struct field *field_of(const struct form *f, struct str path)
{
    struct str head, tail = str_cut(path, '.', &head);
    const struct field *field = form_field(f, head);
    return field && tail.n && field->sub ? form_field(field->sub, tail) : field;
}

int file_subject(struct ctx *c, const struct form *f, const struct file *file, int64_t *subject,
                 struct err *err)
{
    struct sql q;
    const struct field *field = f ? field_of(f, file->field) : NULL;
    *subject = 0;
    if (!field || !field->encrypted || !field->subject.n || !file->record)
        return 0;
    if (str_eqz(field->subject, "self")) {
        *subject = file->record;
        return 0;
    }
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT ");
    sql_ident(&q, field->subject);
    sql_lit(&q, " FROM ");
    sql_form(&q, f);
    sql_lit(&q, " WHERE \"_id\" = ");
    sql_bind_int(&q, file->record);
    return store_get_int(c->db, c->a, &q, subject, err) < 0 ? -1 : 0;
}

int file_forget_erased(struct ctx *c, int64_t subject, int64_t *n, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q,
            "UPDATE _file SET hash = '', stored_as = '' WHERE EXISTS (SELECT 1 FROM _vault_key k"
            " WHERE k.state = 'erased' AND k.subject = ");
    sql_bind_int(&q, subject);
    sql_lit(&q, " AND _file.sealed LIKE 'v1.' || k.id || '.%')");
    return store_exec(c->db, c->a, &q, n, err);
}

/* ---- rotation ---- */

struct kept {
    int64_t id;
    struct str sealed;
};

static int read_page(struct ctx *c, struct str app, int64_t last, struct kept *rows, size_t *n,
                     struct err *err)
{
    struct sql q;
    struct stmt *s;
    ctx_sql(c, &q);
    sql_lit(&q, "SELECT id, sealed FROM _file WHERE sealed IS NOT NULL AND id > ");
    sql_bind_int(&q, last);
    sql_lit(&q, " AND app = ");
    sql_bind_str(&q, app);
    sql_lit(&q, " ORDER BY id LIMIT ");
    sql_int(&q, PAGE);
    if (store_query(c->db, c->a, &q, &s, err))
        return -1;
    int rc;
    *n = 0;
    while ((rc = stmt_step(s, err)) == 1)
        rows[(*n)++] = (struct kept){stmt_int(s, 0), str_dup(c->a, stmt_str(s, 1))};
    stmt_done(s);
    return rc;
}

static int put_sealed(struct ctx *c, int64_t id, struct str sealed, struct err *err)
{
    struct sql q;
    ctx_sql(c, &q);
    sql_lit(&q, "UPDATE _file SET sealed = ");
    sql_bind_str(&q, sealed);
    sql_lit(&q, " WHERE id = ");
    sql_bind_int(&q, id);
    return store_exec(c->db, c->a, &q, NULL, err);
}

int file_reseal(struct ctx *c, struct str app, int64_t *last, size_t *n, struct err *err)
{
    struct kept *rows = ARENA_ARRAY(c->a, struct kept, PAGE);
    const struct vault_on on = sealer_of(c);
    if (read_page(c, app, *last, rows, n, err))
        return -1;
    for (size_t i = 0; i < *n; i++) {
        struct str out;
        const struct sealed_text text = {app, STR("_file"), rows[i].id, 0};
        const struct vault_at at = sealed_text_place(&text);
        int rc = vault_reseal(&on, &at, rows[i].sealed, &out, err);
        if (rc < 0 || (rc == 1 && put_sealed(c, rows[i].id, out, err)))
            return -1;
        *last = rows[i].id;
    }
    return 0;
}
