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

void ld_data(struct load *ld)
{
    for (size_t i = 0; i < ld->app->source.nfiles; i++) {
        const struct app_file *f = &ld->app->source.files[i];
        if (str_starts(f->path, STR("prints/")))
            form_of_file(ld, f->path);
        if (!str_starts(f->path, STR("data/")))
            continue;
        const struct form *form = form_of_file(ld, f->path);
        if (form && str_ends(f->path, STR(".csv")))
            check_csv(ld, f, form);
        else if (form)
            check_rows(ld, ld_file(ld, f->path.p), form);
    }
}
