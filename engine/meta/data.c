/*
 * Files beside the definitions: headers of seed data, names of print templates.
 */
#include "engine/meta/load_int.h"

/* "data/demo/lead.csv" to "lead" */
static struct str stem(struct str path)
{
    for (ptrdiff_t at; (at = str_findc(path, '/')) >= 0;)
        path = str_sub(path, (size_t)at + 1, path.n);
    struct str head;
    str_cut(path, '.', &head);
    return head;
}

static const struct form *form_of_file(struct load *ld, struct str path)
{
    struct str key = stem(path);
    const struct form *f = app_form(ld->app, key);
    if (!f) {
        struct diag *d =
            diag_file(ld->diags, DIAG_ERROR, path, (struct src_pos){1, 1}, "unknown_form",
                      "没有表单“%.*s”，文件名应是表单的键",
                      "There is no form “%.*s”; the file is named after one", STR_ARG(key));
        diag_suggest(ld->diags, d, map_nearest(&ld->app->form_by_key, key));
    }
    return f;
}

/* "channel", "channel.code": the link's own key, and the unique field it is found by. */
static void check_header(struct load *ld, struct str path, struct src_pos pos,
                         const struct form *form, struct str name)
{
    struct str key, by = str_cut(name, '.', &key);
    const struct field *f = form_field(form, key);
    const struct form *at = form;
    if (f && by.n && (f->target || f->sub)) {
        at = f->target ? f->target : f->sub;
        f = form_field(at, key = by);
    }
    if (f || form->broken || !key.n || at->broken)
        return;
    struct diag *d =
        diag_file(ld->diags, DIAG_ERROR, path, pos, "unknown_field", "“%.*s”没有字段“%.*s”",
                  "“%.*s” has no field “%.*s”", STR_ARG(at->key), STR_ARG(key));
    diag_suggest(ld->diags, d, map_nearest(&at->by_key, key));
}

static void check_csv(struct load *ld, const struct app_file *f, const struct form *form)
{
    struct str line, name;
    uint32_t column = 1;
    struct str text = f->text;
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_sub(text, 3, text.n);
    str_cut(text, '\n', &line);
    while (line.n) {
        line = str_cut(line, ',', &name);
        struct str trimmed = str_trim(name);
        if (trimmed.n > 1 && trimmed.p[0] == '"' && trimmed.p[trimmed.n - 1] == '"')
            trimmed = str_sub(trimmed, 1, trimmed.n - 2);
        check_header(ld, f->path, (struct src_pos){1, column}, form, trimmed);
        column += (uint32_t)name.n + 1;
    }
}

static void check_rows(struct load *ld, const struct src_file *file, const struct form *form)
{
    for (size_t i = 0; file && file->root && file->root->kind == YAML_SEQ && i < file->root->n;
         i++) {
        const struct yaml_node *row = file->root->items[i];
        for (size_t k = 0; row->kind == YAML_MAP && k < row->n; k++)
            check_header(ld, file->path, row->keys[k]->pos, form, row->keys[k]->text);
    }
}

/* ---- print templates: prints/<form>.<key>.html with {{expr}} and {{#each items}} … {{/each}} ----
 */

struct template
{
    struct load *ld;
    const struct app_file *file;
    const struct form *form, *rows; /* rows: of the open {{#each}} */
};

static void tell(struct template *t, size_t at, const char *zh, const char *en)
{
    diag_file(t->ld->diags, DIAG_ERROR, t->file->path, yaml_pos_at(t->file->text, at), "template",
              "%s%.0s", "%.0s%s", zh, en);
}

static void open_each(struct template *t, struct str name, size_t at)
{
    const struct field *f = form_field(t->form, name);
    if (t->rows)
        tell(t, at, "{{#each}} 里不能再有 {{#each}}", "An {{#each}} cannot hold another one");
    if (!f || !f->sub)
        tell(t, at, "{{#each}} 后面应是子表", "{{#each}} takes a sub-table");
    t->rows = f && f->sub ? f->sub : t->form;
}

static void check_tag(struct template *t, size_t from, size_t to)
{
    struct str raw = str_sub(t->file->text, from, to - from), body = str_trim(raw);
    if (str_starts(body, STR("#each "))) {
        open_each(t, str_trim(str_sub(body, 6, body.n)), from);
    } else if (str_eqz(body, "_flow")) {
        if (!t->form->flow || t->rows)
            tell(t, from, "{{_flow}} 只能写在有流程的表单里、子表之外",
                 "{{_flow}} stands outside of rows, in a form with a flow");
    } else if (str_eqz(body, "/each")) {
        if (!t->rows)
            tell(t, from, "没有对应的 {{#each}}", "There is no {{#each}} to close");
        t->rows = NULL;
    } else {
        struct fx_scope scope = ld_scope(t->ld, t->rows ? t->rows : t->form, FX_PLACE_VALUE);
        struct src_pos at = yaml_pos_at(t->file->text, from);
        fx_compile(t->ld->a, raw, &scope, t->file->path, at, t->ld->diags);
    }
}

static void check_print(struct load *ld, const struct app_file *f, const struct form *form)
{
    struct template t = {.ld = ld, .file = f, .form = form};
    for (ptrdiff_t open = 0; (open = str_find(f->text, STR("{{"), (size_t)open)) >= 0;) {
        ptrdiff_t close = str_find(f->text, STR("}}"), (size_t)open);
        if (close < 0) {
            tell(&t, (size_t)open, "缺少收尾的 }}", "A closing }} is missing");
            return;
        }
        check_tag(&t, (size_t)open + 2, (size_t)close);
        open = close + 2;
    }
    if (t.rows)
        tell(&t, f->text.n, "缺少收尾的 {{/each}}", "A closing {{/each}} is missing");
}

void ld_data(struct load *ld)
{
    for (size_t i = 0; i < ld->app->source.nfiles; i++) {
        const struct app_file *f = &ld->app->source.files[i];
        const struct form *printed =
            str_starts(f->path, STR("prints/")) ? form_of_file(ld, f->path) : NULL;
        if (printed && !printed->broken)
            check_print(ld, f, printed);
        if (!str_starts(f->path, STR("data/")))
            continue;
        const struct form *form = form_of_file(ld, f->path);
        if (form && str_ends(f->path, STR(".csv")))
            check_csv(ld, f, form);
        else if (form)
            check_rows(ld, ld_file(ld, f->path.p), form);
    }
}
