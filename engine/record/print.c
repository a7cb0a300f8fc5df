/*
 * Filling print templates.
 */
#include "engine/record/print.h"

#include "engine/base/id.h"
#include "engine/meta/fieldtype.h"
#include "engine/record/export.h"
#include "engine/record/hooks.h"
#include "engine/record/query.h"
#include "engine/record/record_int.h"
#include "engine/value/html.h"

#define PAGE_MAX ((size_t)32 << 20)

enum piece_kind { PIECE_TEXT, PIECE_EXPR, PIECE_EACH, PIECE_END, PIECE_FLOW };

struct piece {
    enum piece_kind kind;
    struct str text; /* of PIECE_TEXT */
    struct fx *fx;
    const struct field *field; /* EXPR: the field it names alone, or NULL; EACH: the table */
};

struct filler {
    struct ctx *c;
    const struct form *form;
    struct piece *v;
    size_t n, cap;
    struct strb *out;
    struct err *err;
};

static struct str path_of(struct arena *a, const struct form *f, struct str key)
{
    return str_fmt(a, "prints/%.*s.%.*s.html", STR_ARG(f->key), STR_ARG(key));
}

/* ---- the template in pieces ---- */

static void add(struct filler *p, struct piece piece)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        p->v = arena_grow(p->c->a, p->v, p->cap * sizeof(*p->v), cap * sizeof(*p->v));
        p->cap = cap;
    }
    p->v[p->n++] = piece;
}

/* It was checked with the definition; what changed since leaves the place empty. */
static void add_tag(struct filler *p, struct str body, const struct form **rows)
{
    struct diags ignored;
    struct piece piece = {.kind = PIECE_EXPR};
    body = str_trim(body);
    if (str_starts(body, STR("#each "))) {
        piece.kind = PIECE_EACH;
        piece.field = form_field(p->form, str_trim(str_sub(body, 6, body.n)));
        *rows = piece.field && piece.field->sub ? piece.field->sub : NULL;
        add(p, piece);
        return;
    }
    if (str_eqz(body, "_flow")) {
        add(p, (struct piece){.kind = PIECE_FLOW});
        return;
    }
    if (str_eqz(body, "/each")) {
        *rows = NULL;
        add(p, (struct piece){.kind = PIECE_END});
        return;
    }
    const struct form *f = *rows ? *rows : p->form;
    struct fx_schema schema = app_schema(p->form->app);
    struct fx_scope scope = form_scope(f, FX_PLACE_VALUE, false);
    scope.schema = &schema;
    diags_init(&ignored, p->c->a);
    piece.field = form_field(f, body);
    piece.fx = fx_compile(p->c->a, body, &scope, STR_NONE, (struct src_pos){1, 1}, &ignored);
    add(p, piece);
}

static void cut(struct filler *p, struct str text)
{
    const struct form *rows = NULL;
    p->n = 0;
    while (text.n) {
        ptrdiff_t open = str_find(text, STR("{{"), 0);
        ptrdiff_t close = open < 0 ? -1 : str_find(text, STR("}}"), (size_t)open);
        size_t plain = close < 0 ? text.n : (size_t)open;
        if (plain)
            add(p, (struct piece){.kind = PIECE_TEXT, .text = str_sub(text, 0, plain)});
        if (close < 0)
            return;
        add_tag(p, str_sub(text, plain + 2, (size_t)close - plain - 2), &rows);
        text = str_sub(text, (size_t)close + 2, text.n);
    }
}

/* ---- values ---- */

static void escaped(struct strb *out, struct str s)
{
    static const struct {
        char ch;
        const char *as;
    } rows[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < s.n; i++) {
        const char *as = NULL;
        for (size_t k = 0; k < ARRAY_LEN(rows); k++)
            as = rows[k].ch == s.p[i] ? rows[k].as : as;
        if (as)
            strb_addz(out, as);
        else
            strb_addc(out, s.p[i]);
    }
}

static bool is_picture(const struct field *f)
{
    return f && f->type && (str_eqz(f->type->name, "image") || str_eqz(f->type->name, "signature"));
}

static void picture(struct strb *out, int64_t file)
{
    char buf[16];
    strb_addf(out, "<img alt=\"\" src=\"/api/v1/files/%s\">", id_print(file, buf).p);
}

static void pictures(struct strb *out, struct val v)
{
    for (uint32_t i = 0; v.kind == VAL_LIST && i < v.n; i++)
        if (v.list[i].kind == VAL_REF)
            picture(out, v.list[i].ref->id);
}

static void put_value(struct filler *p, const struct field *f, struct val v)
{
    if (is_picture(f))
        pictures(p->out, v);
    else if (f && f->type && str_eqz(f->type->name, "richtext"))
        strb_add(p->out, html_clean(p->c->a, val_str(v)));
    else
        escaped(p->out, export_text(p->c, f, v));
}

static int put_expr(struct filler *p, const struct piece *piece, const struct rec *row,
                    const struct rec *parent)
{
    struct row_env e;
    struct val v = VAL_NONE;
    if (piece->field && row->v[piece->field->slot].kind != VAL_ABSENT) {
        put_value(p, piece->field, row->v[piece->field->slot]);
        return 0;
    }
    if (!piece->fx)
        return 0;
    row_env_init(&e, p->c, row, p->err);
    e.parent = parent;
    e.request = !ctx_is_system(p->c);
    v = fx_eval(piece->fx, &e.fx);
    if (row_env_end(&e, p->err))
        return -1;
    put_value(p, NULL, v);
    return 0;
}

static void cell(struct filler *p, struct str text)
{
    strb_addz(p->out, "<td>");
    escaped(p->out, text);
    strb_addz(p->out, "</td>");
}

/* {{_flow}}: a table of who decided what, when. */
static int put_flow(struct filler *p, int64_t id)
{
    struct ctx *c = p->c;
    const struct rec_hooks *hooks = engine_hooks(c->engine);
    struct decision *d = NULL;
    size_t n = 0;
    bool en = c->lang == LANG_EN;
    if (hooks->decisions && hooks->decisions(c, p->form, id, &d, &n, p->err) < 0)
        return -1;
    strb_addz(p->out, en ? "<table class=\"flow\"><tr><th>Step</th><th>Who</th><th>Decision</th>"
                           "<th>Opinion, signature</th><th>Time</th></tr>"
                         : "<table class=\"flow\"><tr><th>环节</th><th>处理人</th><th>结果</th>"
                           "<th>意见、签名</th><th>时间</th></tr>");
    for (size_t i = 0; i < n; i++) {
        strb_addz(p->out, "<tr>");
        cell(p, d[i].node);
        cell(p, d[i].who.n ? d[i].who : en ? STR("by itself") : STR("自动"));
        cell(p, d[i].action);
        strb_addz(p->out, "<td>");
        escaped(p->out, d[i].comment);
        if (d[i].signature)
            picture(p->out, d[i].signature);
        strb_addz(p->out, "</td>");
        cell(p, export_text(c, NULL, val_instant(d[i].at_us)));
        strb_addz(p->out, "</tr>");
    }
    strb_addz(p->out, "</table>");
    return 0;
}

/* Pieces from..to over a row. */
static int fill(struct filler *p, size_t from, size_t to, const struct rec *row,
                const struct rec *parent)
{
    for (size_t i = from; i < to; i++) {
        const struct piece *piece = &p->v[i];
        size_t end = i;
        if (piece->kind == PIECE_TEXT)
            strb_add(p->out, piece->text);
        if (piece->kind == PIECE_EXPR && put_expr(p, piece, row, parent))
            return -1;
        if (piece->kind == PIECE_FLOW && put_flow(p, row->id))
            return -1;
        if (piece->kind != PIECE_EACH)
            continue;
        while (end < to && p->v[end].kind != PIECE_END)
            end++;
        const struct field *table = piece->field;
        for (size_t k = 0; table && table->sub && row->rows && k < row->rows[table->slot].n; k++)
            if (fill(p, i + 1, end, &row->rows[table->slot].v[k], row))
                return -1;
        i = end;
        if (p->out->n > PAGE_MAX)
            return err_set(p->err, ERR_TOO_LARGE, "too_large", "打印内容过大，请分批打印。",
                           "Too much to print at once; print fewer records.");
    }
    return 0;
}

/* ---- records ---- */

static void take(const struct form *f, struct val obj, struct rec *out)
{
    for (size_t i = 0; i < f->nslots; i++) {
        struct val v = val_get(obj, rec_field_at(f, i)->key);
        out->v[i] = v.kind == VAL_ABSENT ? VAL_NONE : v; /* not his to read */
    }
}

/* What the one reader gave, as a row of expressions. */
static void row_of(struct ctx *c, const struct form *f, int64_t id, struct val obj, struct rec *out)
{
    rec_init(c->a, f, out);
    out->id = id;
    take(f, obj, out);
    out->rows = ARENA_ARRAY(c->a, struct rec_rows, f->nfields);
    for (size_t i = 0; i < f->nfields; i++) {
        struct val rows = f->fields[i]->sub ? out->v[i] : VAL_NONE;
        if (rows.kind != VAL_LIST)
            continue;
        out->rows[i] = (struct rec_rows){ARENA_ARRAY(c->a, struct rec, rows.n), rows.n};
        for (uint32_t k = 0; k < rows.n; k++) {
            rec_init(c->a, f->fields[i]->sub, &out->rows[i].v[k]);
            take(f->fields[i]->sub, rows.list[k], &out->rows[i].v[k]);
        }
    }
}

struct one {
    struct filler *p;
    bool found;
};

static int on_row(void *arg, int64_t id, struct val obj, struct err *err)
{
    struct one *o = arg;
    struct rec row;
    (void)err; /* the same as p->err */
    o->found = true;
    row_of(o->p->c, o->p->form, id, obj, &row);
    return fill(o->p, 0, o->p->n, &row, NULL);
}

static int print_one(struct filler *p, int64_t id)
{
    struct ctx *c = p->c;
    struct one o = {.p = p};
    struct query q = {.form = p->form, .ids = &id, .nids = 1, .with_rows = true, .no_masks = true};
    if (query_each(c, &q, on_row, &o, p->err))
        return -1;
    int may = o.found ? record_can(c, p->form, id, RIGHT_PRINT, p->err) : 1;
    if (may < 0)
        return -1;
    if (!o.found)
        return err_set(p->err, ERR_NOT_FOUND, "not_found", "没有找到，或您无权查看。",
                       "Not found, or not visible to you.");
    if (!may)
        return err_set(p->err, ERR_DENIED, "denied", "您没有权限打印这条记录。",
                       "You may not print this record.");
    return 0;
}

/* ---- the page ---- */

struct page {
    struct str head, body, tail;
};

static void split(struct str text, struct page *out)
{
    ptrdiff_t open = str_find(text, STR("<body"), 0);
    ptrdiff_t start = open < 0 ? -1 : str_find(text, STR(">"), (size_t)open);
    ptrdiff_t end = start < 0 ? -1 : str_find(text, STR("</body"), (size_t)start);
    *out = (struct page){STR("<!doctype html><html><head><meta charset=\"utf-8\"></head><body>"),
                         text, STR("</body></html>")};
    if (end < 0)
        return;
    out->head = str_sub(text, 0, (size_t)start + 1);
    out->body = str_sub(text, (size_t)start + 1, (size_t)(end - start - 1));
    out->tail = str_sub(text, (size_t)end, text.n);
}

/* A text between quotes in a style sheet. */
static void css_text(struct strb *out, struct str s)
{
    strb_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if (ch < 0x20 || strchr("\"\\<>&", ch))
            strb_addf(out, "\\%x ", ch);
        else
            strb_addc(out, s.p[i]);
    }
    strb_addc(out, '"');
}

static struct str printed_line(struct ctx *c)
{
    struct civil t;
    civil_of_us(c->now_us, &c->app->zone, &t);
    return str_fmt(c->a, "%.*s %04d-%02d-%02d %02d:%02d", STR_ARG(c->who->name), t.year, t.month,
                   t.day, t.hour, t.minute);
}

/* What every sheet of paper has unless the template says otherwise: A4, a head and a foot with the
 * number of the page, table heads on each page, rows that are not torn. */
static void base_style(struct ctx *c, const struct form *f, struct strb *out)
{
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    struct str title =
        app_text(f->app, lang, str_fmt(c->a, "forms.%.*s.title", STR_ARG(f->key)), f->title);
    strb_addz(out, "<style>@page{size:A4;margin:18mm 14mm 16mm;@top-left{font:9pt sans-serif;"
                   "color:#666;content:");
    css_text(out, title);
    strb_addz(out, "}@bottom-left{font:9pt sans-serif;color:#666;content:");
    css_text(out, printed_line(c));
    strb_addz(out, "}@bottom-right{font:9pt sans-serif;color:#666;content:counter(page) \" / \" "
                   "counter(pages)}}thead{display:table-header-group}tfoot{display:table-row-group}"
                   "tr,img{break-inside:avoid}h1,h2,h3,h4{break-after:avoid}img{max-width:100%}"
                   "td,th{overflow-wrap:anywhere}"
                   "@media print{body{margin:0!important;max-width:none!important}}</style>");
}

/* Before the template's own styles, which win. */
static void put_head(struct ctx *c, const struct form *f, struct str head, struct strb *out)
{
    ptrdiff_t open = str_find(head, STR("<head"), 0);
    ptrdiff_t end = open < 0 ? -1 : str_find(head, STR(">"), (size_t)open);
    size_t at = end < 0 ? head.n : (size_t)end + 1;
    strb_add(out, str_sub(head, 0, at));
    base_style(c, f, out);
    strb_add(out, str_sub(head, at, head.n));
}

int print_html(struct ctx *c, const struct print *in, struct strb *out, struct err *err)
{
    struct access *x;
    struct page page;
    struct filler p = {.c = c, .form = in->form, .out = out, .err = err};
    const struct app_file *file = app_file(in->form->app, path_of(c->a, in->form, in->key));
    bool sheet = !file && in->form->flow && str_eqz(in->key, "approval");
    if (access_of(c, in->form, &x, err))
        return -1;
    if ((!file && !sheet) || (access_none(x) && !ctx_is_system(c)))
        return err_set(err, ERR_NOT_FOUND, "not_found", "没有这个打印模板。",
                       "There is no such print template.");
    split(sheet ? print_sheet(c, x, in->form) : file->text, &page);
    put_head(c, in->form, page.head, out);
    cut(&p, page.body);
    for (size_t i = 0; i < in->nids; i++) {
        if (i)
            strb_addz(out, "<div style=\"break-after:page\"></div>");
        if (print_one(&p, in->ids[i]))
            return -1;
    }
    strb_add(out, page.tail);
    return 0;
}

static struct str title_of(struct str text, struct str key)
{
    ptrdiff_t open = str_find(text, STR("<title>"), 0);
    ptrdiff_t close = open < 0 ? -1 : str_find(text, STR("</title>"), (size_t)open);
    struct str t = close < 0
                       ? STR_NONE
                       : str_trim(str_sub(text, (size_t)open + 7, (size_t)(close - open - 7)));
    return t.n && str_find(t, STR("{{"), 0) < 0 ? t : key;
}

size_t print_names(struct ctx *c, const struct form *f, struct print_name **out)
{
    struct str prefix = str_fmt(c->a, "prints/%.*s.", STR_ARG(f->key));
    const struct app_source *src = &f->app->source;
    size_t n = 0;
    bool own = false;
    *out = ARENA_ARRAY(c->a, struct print_name, src->nfiles + 1);
    for (size_t i = 0; i < src->nfiles; i++) {
        struct str path = src->files[i].path;
        if (!str_starts(path, prefix) || !str_ends(path, STR(".html")))
            continue;
        struct str key = str_sub(path, prefix.n, path.n - prefix.n - 5);
        own = own || str_eqz(key, "approval");
        (*out)[n++] = (struct print_name){key, title_of(src->files[i].text, key)};
    }
    if (f->flow && !own)
        (*out)[n++] = (struct print_name){
            STR("approval"), c->lang == LANG_EN ? STR("Approval sheet") : STR("审批单")};
    return n;
}
