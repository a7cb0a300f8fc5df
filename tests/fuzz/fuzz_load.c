/* An app whose files are the input: an app, or mistakes with their places; never anything else.
 * Parts are cut at lines "@@@": a form, app.yaml, a dashboard, monitors, translations, a print. */
#include "tests/fuzz/fuzz.h"

#include "engine/meta/diff.h"
#include "engine/meta/load.h"

static struct str part(struct str *in, const char *absent)
{
    ptrdiff_t at = str_find(*in, STR("\n@@@\n"), 0);
    struct str head = at < 0 ? *in : str_sub(*in, 0, (size_t)at + 1);
    *in = at < 0 ? STR_NONE : str_sub(*in, (size_t)at + 5, in->n);
    return head.n ? head : str_of(absent);
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct app_file files[] = {
        {STR("forms/a.yaml"), part(&in, "")},
        {STR("app.yaml"), part(&in, "app: a\ntitle: A\nroles: {r: R}\n")},
        {STR("forms/b.yaml"),
         STR("form: b\ntitle: B\nfields: {n: {type: number}, a: {type: link, form: a}}\n")},
        {STR("dashboards/d.yaml"), part(&in, "title: D\nwidgets: {}\n")},
        {STR("monitors.yaml"), part(&in, "monitors: {}\n")},
        {STR("i18n/en.yaml"), part(&in, "texts: {}\n")},
        {STR("prints/a.p.html"), part(&in, "<p>{{_id}}</p>")},
        {STR("data/a.csv"), part(&in, "_id\n")},
    };
    struct app_source src = {.key = STR("a"), .files = files, .nfiles = ARRAY_LEN(files)};
    struct load_opts opts = {.default_zone = STR("UTC")};
    struct diags diags;
    diags_init(&diags, a);
    struct app *app = app_load(&src, &opts, &diags);
    FUZZ_CHECK((app == NULL) == (diags.errors > 0));
    for (size_t i = 0; i < diags.list.n; i++)
        FUZZ_CHECK(diags.list.v[i].zh.n && diags.list.v[i].en.n && diags.list.v[i].file.n &&
                   diags.list.v[i].pos.line);
    if (app)
        FUZZ_CHECK(app_diff(a, app, app).n == 0);
    app_unref(&app);
}
