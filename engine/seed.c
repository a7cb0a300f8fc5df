/*
 * First rows of an app: data/<form>.csv|yaml, and data/demo/<form>.csv|yaml with the demo option.
 * Written by the system through the ordinary write path, targets of links before what links to
 * them.
 */
#include "engine/engine_int.h"
#include "engine/meta/yaml.h"
#include "engine/record/import.h"

/* The file data/[demo/]<form>.<ext>, or NULL. */
static const struct app_file *seed_file(struct ctx *c, struct app *app, const char *folder,
                                        const struct form *f, const char *ext)
{
    return app_file(app, str_fmt(c->a, "%s/%.*s.%s", folder, STR_ARG(f->key), ext));
}

static int seed_failed(const struct app_file *file, const struct diags *diags, struct err *err)
{
    const struct diag *g = &diags->list.v[0];
    return err_set(err, ERR_INVALID, "seed", "初始数据 %.*s 有误：%.*s：%.*s",
                   "The first rows in %.*s are wrong: %.*s: %.*s", STR_ARG(file->path),
                   STR_ARG(g->path), STR_ARG(g->en));
}

static int seed_csv(struct ctx *c, const struct form *f, const struct app_file *file,
                    struct err *err)
{
    struct import in = {.form = f, .csv = file->text, .mode = IMPORT_INSERT};
    struct import_result r = {0};
    if (import_run(c, &in, &r, err) < 0)
        return -1;
    return r.errors.list.n ? seed_failed(file, &r.errors, err) : 0;
}

struct seed_row {
    const struct form *form;
    struct val values;
    struct diags *diags;
};

static int seed_row_write(struct ctx *c, void *arg, struct err *err)
{
    struct seed_row *row = arg;
    struct val values;
    c->lua = NULL;
    c->records = NULL;
    if (import_names(c, row->form, row->values, &values, row->diags, err) < 0)
        return -1;
    if (row->diags->errors)
        return err_set(err, ERR_INVALID, "validation", "初始数据有误。",
                       "The first rows are not valid.");
    struct rec_write w = {
        .op = REC_CREATE,
        .form = row->form,
        .values = values,
        .no_version = true,
        .mode = WRITE_OWN_RIGHT | WRITE_SYSTEM_FIELDS,
    };
    return record_write(c, &w, NULL, row->diags, err);
}

/* A YAML file is a list of records as the API takes them, sub-tables included; links by name. */
static int seed_yaml(struct ctx *c, const struct form *f, const struct app_file *file,
                     struct err *err)
{
    struct diags diags;
    diags_init(&diags, c->a);
    struct yaml_node *root = yaml_parse(c->a, file->path, file->text, &diags);
    if (!root || root->kind != YAML_SEQ)
        return err_set(err, ERR_INVALID, "seed", "初始数据 %.*s 应是记录的列表。",
                       "The first rows in %.*s must be a list of records.", STR_ARG(file->path));
    for (size_t i = 0; i < root->n; i++) {
        struct seed_row row = {
            .form = f, .values = yaml_val(c->a, root->items[i]), .diags = &diags};
        if (engine_write(c, seed_row_write, &row, err) == 0)
            continue;
        return diags.list.n ? seed_failed(file, &diags, err) : -1;
    }
    return 0;
}

static int seed_form(struct ctx *c, struct app *app, const char *folder, const struct form *f,
                     struct err *err)
{
    const struct app_file *csv = seed_file(c, app, folder, f, "csv");
    if (csv && seed_csv(c, f, csv, err) < 0)
        return -1;
    const struct app_file *yaml = seed_file(c, app, folder, f, "yaml");
    return yaml ? seed_yaml(c, f, yaml, err) : 0;
}

/* ---- order: a form comes after the forms it links to ---- */

struct order {
    struct app *app;
    struct form **sorted;
    size_t n;
    uint8_t *mark; /* by index: 1 on the way, 2 placed */
};

static void order_visit(struct order *o, const struct form *f);

static void order_links(struct order *o, const struct form *f)
{
    for (size_t i = 0; i < f->nfields; i++) {
        if (f->fields[i]->target)
            order_visit(o, f->fields[i]->target);
        if (f->fields[i]->sub)
            order_links(o, f->fields[i]->sub);
    }
}

static void order_visit(struct order *o, const struct form *f)
{
    for (size_t i = 0; i < o->app->nforms; i++) {
        if (o->app->forms[i] != f || o->mark[i])
            continue;
        o->mark[i] = 1; /* a circle of links is cut here */
        order_links(o, f);
        o->mark[i] = 2;
        o->sorted[o->n++] = o->app->forms[i];
    }
}

int seed_rows(struct ctx *c, struct app *app, bool demo, struct err *err)
{
    struct order o = {
        .app = app,
        .sorted = ARENA_ARRAY(c->a, struct form *, app->nforms),
        .mark = arena_array(c->a, app->nforms, 1),
    };
    for (size_t i = 0; i < app->nforms; i++)
        order_visit(&o, app->forms[i]);
    c->app = app;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o.n; i++)
        rc = seed_form(c, app, "data", o.sorted[i], err);
    for (size_t i = 0; rc == 0 && demo && i < o.n; i++)
        rc = seed_form(c, app, "data/demo", o.sorted[i], err);
    c->app = NULL;
    return rc;
}
