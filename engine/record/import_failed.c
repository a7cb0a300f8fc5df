/*
 * Rows of an import that failed, as they stood in the file, with why: a CSV file that can be
 * corrected and imported again.
 */
#include "engine/record/import_int.h"

static const struct str WHY[] = {[LANG_ZH] = STR("导入失败原因"), [LANG_EN] = STR("Why it failed")};

/* The column of an earlier file of failed rows. */
static bool is_why(const struct importer *m, size_t i)
{
    const struct column *col = &m->columns[i];
    return !col->field && (str_eq(col->header, WHY[LANG_ZH]) || str_eq(col->header, WHY[LANG_EN]));
}

static void cell(struct importer *m, bool first, struct str text)
{
    if (!first)
        strb_addc(&m->failed, ',');
    csv_write_cell(&m->failed, text);
}

void import_failed_head(struct importer *m)
{
    bool first = true;
    for (size_t i = 0; i < m->ncolumns; i++) {
        if (is_why(m, i))
            continue;
        cell(m, first, m->columns[i].header);
        first = false;
    }
    cell(m, first, WHY[m->c->lang]);
    strb_addz(&m->failed, "\r\n");
}

/* "items[2].qty" and "phone" by the titles that people know. */
static struct str place(struct importer *m, struct str path)
{
    struct str head, tail = str_cut(path, '.', &head);
    struct str bracket;
    (void)str_cut(head, '[', &bracket);
    const struct field *f = form_field(m->in->form, bracket);
    if (!f)
        return path;
    const struct field *sub = f->sub && tail.n ? form_field(f->sub, tail) : NULL;
    return sub ? str_fmt(m->c->a, "%.*s.%.*s", STR_ARG(f->title), STR_ARG(sub->title)) : f->title;
}

static struct str why(struct importer *m, const struct diags *d, const struct err *err)
{
    bool en = m->c->lang == LANG_EN;
    struct strb b;
    strb_init(&b, m->c->a);
    for (size_t i = 0; i < d->list.n; i++) {
        const struct diag *g = &d->list.v[i];
        struct str at = place(m, g->path);
        strb_addz(&b, i ? (en ? "; " : "；") : "");
        strb_addf(&b, "%.*s%s%.*s", STR_ARG(at),
                  !at.n ? ""
                  : en  ? ": "
                        : "：",
                  STR_ARG(en ? g->en : g->zh));
    }
    if (!d->list.n)
        strb_addz(&b, en ? err->en : err->zh);
    return strb_str(&b);
}

void import_failed_row(struct importer *m, const struct line *lines, size_t n,
                       const struct diags *d, const struct err *err)
{
    struct str text = why(m, d, err);
    for (size_t k = 0; k < n; k++) {
        bool first = true;
        for (size_t i = 0; i < m->ncolumns; i++) {
            if (is_why(m, i))
                continue;
            cell(m, first, i < lines[k].n ? lines[k].cells[i] : STR_NONE);
            first = false;
        }
        cell(m, first, k ? STR_NONE : text);
        strb_addz(&m->failed, "\r\n");
    }
}
