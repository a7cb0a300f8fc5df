/* A form in an otherwise sound app: an app, or mistakes with their places; never anything else. */
#include "tests/fuzz/fuzz.h"

#include "engine/meta/diff.h"
#include "engine/meta/load.h"

static void fuzz_one(struct arena *a, struct str in)
{
    struct app_file files[] = {
        {STR("app.yaml"), STR("app: a\ntitle: A\nroles: {r: R}\n")},
        {STR("forms/b.yaml"),
         STR("form: b\ntitle: B\nfields: {n: {type: number}, a: {type: link, form: a}}\n")},
        {STR("forms/a.yaml"), in},
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
