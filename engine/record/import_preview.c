/*
 * A look at a file before it is imported: its columns, the field each one probably is, the first
 * rows, the fields that can be filled.
 */
#include "engine/record/import_int.h"

#include "engine/base/utf8.h"
#include "engine/value/fold.h"
#include "engine/value/pinyin.h"

#define ROWS_SHOWN   8
#define CELL_SHOWN   120 /* characters */
#define FIELDS_MAX   2000
#define INITIALS_MIN 2

/* A field that a column can be. */
struct target {
    struct str key;   /* "items.qty" */
    struct str title; /* "明细.数量" */
    const struct field *f;
    bool write; /* else it can only be the key by which rows are matched */
    bool taken;
    struct str like;      /* title, normal */
    struct str syllables; /* of the title's pinyin, joined */
    struct str initials;
};

struct look {
    struct importer *m;
    struct access *x;
    VEC(struct target) to;
    struct val before;
};

/* ---- what is alike ---- */

/* Folded, without what stands in brackets, punctuation and blanks: "手机号 (必填)*" is "手机号". */
static struct str normal(struct arena *a, struct str s)
{
    struct strb b;
    struct str folded = fold_text(a, s);
    int depth = 0;
    strb_init(&b, a);
    for (size_t i = 0; i < folded.n; i++) {
        unsigned char ch = (unsigned char)folded.p[i];
        depth += (ch == '(') - (ch == ')' && depth);
        bool letter = ch >= 0x80 || (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
                      (ch >= 'A' && ch <= 'Z');
        if (!depth && letter)
            strb_addc(&b, folded.p[i]);
    }
    return strb_str(&b);
}

static struct str initials_of(struct arena *a, struct str pinyin)
{
    struct strb b;
    strb_init(&b, a);
    for (size_t i = 0; i < pinyin.n; i++)
        if (pinyin.p[i] != ' ' && (i == 0 || pinyin.p[i - 1] == ' '))
            strb_addc(&b, pinyin.p[i]);
    return strb_str(&b);
}

static void add_target(struct look *l, struct field *table, struct field *f)
{
    struct arena *a = l->m->a;
    bool write = import_may_write(l->m, l->x, table, f);
    bool read = ctx_is_system(l->m->c) || access_field(l->x, table ? table : f) >= FIELD_READ;
    if (f->sub || l->to.n >= FIELDS_MAX || (!write && (table || !read || !f->unique)))
        return;
    struct target t = {.key = f->key, .title = f->title, .f = f, .write = write};
    if (table) {
        t.key = str_fmt(a, "%.*s.%.*s", STR_ARG(table->key), STR_ARG(f->key));
        t.title = str_fmt(a, "%.*s.%.*s", STR_ARG(table->title), STR_ARG(f->title));
    }
    struct str pinyin = pinyin_of(a, t.title);
    t.like = normal(a, t.title);
    t.syllables = normal(a, pinyin);
    t.initials = normal(a, initials_of(a, pinyin));
    (void)vec_push(a, &l->to, t);
}

static void add_targets(struct look *l)
{
    const struct form *f = l->m->in->form;
    for (size_t i = 0; i < f->nfields; i++) {
        struct field *field = f->fields[i];
        if (field_holds_files(field))
            continue;
        if (!field->sub)
            add_target(l, NULL, field);
        for (size_t k = 0; field->sub && k < field->sub->nfields; k++)
            if (!field_is_sys(field->sub->fields[k]) && !field_holds_files(field->sub->fields[k]))
                add_target(l, field, field->sub->fields[k]);
    }
}

static struct target *target_of(struct look *l, struct str key)
{
    for (size_t i = 0; i < l->to.n; i++)
        if (str_eq(l->to.v[i].key, key))
            return &l->to.v[i];
    return NULL;
}

/* ---- guessing, the surest way first ---- */

typedef bool same_fn(struct arena *a, const struct target *t, struct str header);

static bool by_key(struct arena *a, const struct target *t, struct str header)
{
    (void)a;
    return str_eq(t->key, header);
}

static bool by_title(struct arena *a, const struct target *t, struct str header)
{
    (void)a;
    return str_eq(t->title, header);
}

static bool by_likeness(struct arena *a, const struct target *t, struct str header)
{
    struct str like = normal(a, header);
    return like.n && (str_eq(like, t->like) || str_eq(like, normal(a, t->key)));
}

/* "kehumingcheng" and "khmc" for 客户名称; a Chinese header for a key in pinyin. */
static bool by_pinyin(struct arena *a, const struct target *t, struct str header)
{
    struct str like = normal(a, header), said = normal(a, pinyin_of(a, header));
    if (like.n < INITIALS_MIN)
        return false;
    return str_eq(like, t->syllables) || str_eq(like, t->initials) || str_eq(said, t->syllables) ||
           str_eq(said, normal(a, t->key));
}

static const struct way {
    const char *name;
    same_fn *same;
} WAYS[] = {{"key", by_key}, {"title", by_title}, {"alike", by_likeness}, {"pinyin", by_pinyin}};

/* What an earlier import said of the header: true, and *t NULL where it was left out. */
static bool remembered(struct look *l, struct str header, struct target **t)
{
    for (size_t i = 0; l->before.kind == VAL_LIST && i < l->before.n; i++) {
        struct val v = val_get(l->before.list[i], header);
        if (v.kind != VAL_TEXT)
            continue;
        *t = target_of(l, val_str(v));
        if (*t || !v.n)
            return true;
    }
    return false;
}

struct guess {
    struct target *to;
    const char *by; /* NULL: none */
};

static struct guess guess_for(struct look *l, struct str header)
{
    struct target *t = NULL;
    if (!header.n)
        return (struct guess){0};
    if (remembered(l, header, &t) && (!t || !t->taken))
        return (struct guess){t, "before"};
    for (size_t w = 0; w < ARRAY_LEN(WAYS); w++)
        for (size_t i = 0; i < l->to.n; i++)
            if (!l->to.v[i].taken && WAYS[w].same(l->m->a, &l->to.v[i], header))
                return (struct guess){&l->to.v[i], WAYS[w].name};
    return (struct guess){0};
}

/* ---- writing ---- */

static void put_column(struct look *l, struct json *j, size_t at)
{
    struct str header = l->m->columns[at].header;
    struct guess g = guess_for(l, header);
    if (g.to)
        g.to->taken = true;
    json_begin_obj(j);
    json_kint(j, "at", (int64_t)at + 1);
    json_kstr(j, "header", header);
    json_key(j, STR("field"));
    if (g.to)
        json_str(j, g.to->key);
    else
        json_blank(j);
    json_key(j, STR("by"));
    if (g.by)
        json_str(j, str_of(g.by));
    else
        json_blank(j);
    json_end_obj(j);
}

static void put_field(struct json *j, const struct target *t)
{
    json_begin_obj(j);
    json_kstr(j, "key", t->key);
    json_kstr(j, "title", t->title);
    json_kstr(j, "type", t->f->type->name);
    json_kbool(j, "write", t->write);
    json_kbool(j, "required",
               t->f->required && !t->f->visible && !t->f->dflt.fx &&
                   val_is_blank(t->f->dflt.literal));
    json_kbool(j, "unique", t->f->unique);
    json_end_obj(j);
}

static int put_rows(struct importer *m, struct json *j, struct err *err)
{
    struct csv csv = m->csv;
    struct str *cells;
    size_t n;
    int got = 0;
    for (int i = 0; i < ROWS_SHOWN && (got = csv_row(&csv, m->a, &cells, &n, err)) == 1; i++) {
        json_begin_list(j);
        for (size_t k = 0; k < m->ncolumns; k++) {
            struct str cell = k < n ? cells[k] : STR_NONE;
            json_str(j, str_sub(cell, 0, utf8_offset(cell, CELL_SHOWN)));
        }
        json_end_list(j);
    }
    return got < 0 ? -1 : 0;
}

static void put_sheets(const struct tablefile *t, struct json *j)
{
    json_key(j, STR("sheets"));
    json_begin_list(j);
    for (size_t i = 0; t && i < t->nsheets; i++)
        json_str(j, t->sheets[i]);
    json_end_list(j);
}

int import_preview(struct ctx *c, const struct import *in, struct val before, struct json *out,
                   struct err *err)
{
    struct importer m = {.c = c, .in = in, .a = c->a, .looking = true};
    struct look l = {.m = &m, .before = before};
    if (access_of(c, in->form, &l.x, err) || import_begin(&m, err))
        return -1;
    add_targets(&l);
    json_begin_obj(out);
    json_key(out, STR("columns"));
    json_begin_list(out);
    for (size_t i = 0; i < m.ncolumns; i++)
        put_column(&l, out, i);
    json_end_list(out);
    json_key(out, STR("fields"));
    json_begin_list(out);
    for (size_t i = 0; i < l.to.n; i++)
        put_field(out, &l.to.v[i]);
    json_end_list(out);
    json_key(out, STR("rows"));
    json_begin_list(out);
    if (put_rows(&m, out, err))
        return -1;
    json_end_list(out);
    put_sheets(in->table, out);
    json_kint(out, "total", import_count_rows(&m));
    json_end_obj(out);
    return 0;
}
