/*
 * Translations: i18n/<lang>.yaml mirrors the keys of the files; `texts` translates what has no key
 * (sections, menu groups, messages) by its source text. What is missing, or left behind, is a
 * warning.
 */
#include "engine/base/strb.h"
#include "engine/meta/load_int.h"
#include "engine/meta/monitor.h"

struct tongue {
    struct load *ld;
    const struct src_file *file;
    struct str lang;
    size_t missing; /* counted; the first are told by name */
};

#define TELL_MAX 50

/* ---- reading: every scalar by its path ---- */

static void flatten(struct tongue *t, const struct yaml_node *n, struct str path)
{
    if (n->kind == YAML_SCALAR && !yaml_is_null(n)) {
        struct str *text = ARENA_NEW(t->ld->a, struct str);
        *text = n->text;
        map_put(&t->ld->app->i18n, str_fmt(t->ld->a, "%.*s/%.*s", STR_ARG(t->lang), STR_ARG(path)),
                text);
    }
    for (size_t i = 0; n->kind == YAML_MAP && i < n->n; i++) {
        struct str key = n->keys[i]->text;
        flatten(t, n->items[i],
                path.n ? str_fmt(t->ld->a, "%.*s.%.*s", STR_ARG(path), STR_ARG(key)) : key);
    }
}

/* ---- what is missing ---- */

static bool has(struct tongue *t, struct str path)
{
    struct str key = str_fmt(t->ld->a, "%.*s/%.*s", STR_ARG(t->lang), STR_ARG(path));
    return map_get(&t->ld->app->i18n, key) != NULL;
}

static void want(struct tongue *t, struct str source, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* A text is wanted when the source has letters to translate and neither path nor text gives one. */
static void want(struct tongue *t, struct str source, const char *fmt, ...)
{
    struct strb b;
    va_list ap;
    bool ascii = true;
    for (size_t i = 0; i < source.n && ascii; i++)
        ascii = (unsigned char)source.p[i] < 0x80;
    if (ascii)
        return;
    strb_init(&b, t->ld->a);
    va_start(ap, fmt);
    strb_addv(&b, fmt, ap);
    va_end(ap);
    struct str path = strb_str(&b);
    if (has(t, path) || has(t, str_fmt(t->ld->a, "texts.%.*s", STR_ARG(source))))
        return;
    if (t->missing++ < TELL_MAX)
        diag_file(t->ld->diags, DIAG_WARN, t->file->path, (struct src_pos){1, 1}, "i18n_missing",
                  "缺少译文 %.*s（%.*s）", "The translation of %.*s (%.*s) is missing",
                  STR_ARG(path), STR_ARG(source));
}

static void want_options(struct tongue *t, struct str path, const struct option *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        want(t, o[i].title, "%.*s.options.%.*s", STR_ARG(path), STR_ARG(o[i].key));
        want_options(t, path, o[i].options, o[i].noptions);
    }
}

static void want_fields(struct tongue *t, struct str path, const struct form *form)
{
    for (size_t i = 0; i < form->nfields; i++) {
        const struct field *f = form->fields[i];
        struct str at = str_fmt(t->ld->a, "%.*s.fields.%.*s", STR_ARG(path), STR_ARG(f->key));
        want(t, f->title, "%.*s.title", STR_ARG(at));
        want(t, f->help, "%.*s.help", STR_ARG(at));
        want(t, f->placeholder, "%.*s.placeholder", STR_ARG(at));
        want(t, f->message, "%.*s.message", STR_ARG(at));
        want_options(t, at, f->options, f->noptions);
        if (f->sub)
            want_fields(t, at, f->sub);
    }
}

static void want_form(struct tongue *t, const struct form *f)
{
    struct str path = str_fmt(t->ld->a, "forms.%.*s", STR_ARG(f->key));
    want(t, f->title, "%.*s.title", STR_ARG(path));
    want_fields(t, path, f);
    for (size_t i = 0; i < f->nviews; i++)
        want(t, f->views[i].title, "%.*s.views.%.*s.title", STR_ARG(path),
             STR_ARG(f->views[i].key));
    for (size_t i = 0; i < f->nbuttons; i++) {
        want(t, f->buttons[i].title, "%.*s.buttons.%.*s.title", STR_ARG(path),
             STR_ARG(f->buttons[i].key));
        want(t, f->buttons[i].confirm, "%.*s.buttons.%.*s.confirm", STR_ARG(path),
             STR_ARG(f->buttons[i].key));
    }
    for (size_t i = 0; i < f->npublics; i++)
        want(t, f->publics[i].title, "%.*s.public.%.*s.title", STR_ARG(path),
             STR_ARG(f->publics[i].key));
    for (size_t i = 0; i < f->nlayout; i++)
        want(t, f->layout[i].title, "%.*s.layout.%zu", STR_ARG(path), i);
    for (size_t i = 0; i < f->nchecks; i++)
        want(t, f->checks[i].message, "%.*s.checks.%zu", STR_ARG(path), i);
    if (f->flow)
        want(t, f->flow->start_title, "%.*s.flow.start.title", STR_ARG(path));
    for (size_t i = 1; f->flow && i < f->flow->nnodes; i++)
        want(t, f->flow->nodes[i].title, "%.*s.flow.nodes.%.*s.title", STR_ARG(path),
             STR_ARG(f->flow->nodes[i].key));
}

static void want_menu(struct tongue *t, const struct menu_item *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        want(t, m[i].title, "menu.%.*s", STR_ARG(m[i].title));
        want_menu(t, m[i].items, m[i].nitems);
    }
}

static void want_all(struct tongue *t)
{
    const struct app *app = t->ld->app;
    want(t, app->title, "app.title");
    for (size_t i = 0; i < app->nroles; i++)
        want(t, app->roles[i].title, "roles.%.*s.title", STR_ARG(app->roles[i].key));
    for (size_t i = 0; i < app->nsettings; i++)
        want(t, app->settings[i].title, "settings.%.*s.title", STR_ARG(app->settings[i].key));
    for (size_t i = 0; i < app->nforms; i++)
        want_form(t, app->forms[i]);
    for (size_t i = 0; i < app->nmonitors; i++)
        want(t, app->monitors[i].title, "monitors.%.*s.title", STR_ARG(app->monitors[i].key));
    for (size_t i = 0; i < app->ndashboards; i++) {
        const struct dashboard *d = &app->dashboards[i];
        want(t, d->title, "dashboards.%.*s.title", STR_ARG(d->key));
        for (size_t k = 0; k < d->nwidgets; k++)
            want(t, d->widgets[k].title, "dashboards.%.*s.widgets.%.*s.title", STR_ARG(d->key),
                 STR_ARG(d->widgets[k].key));
    }
    want_menu(t, app->menu, app->nmenu);
    if (t->missing > TELL_MAX)
        diag_file(t->ld->diags, DIAG_WARN, t->file->path, (struct src_pos){1, 1}, "i18n_missing",
                  "还缺 %zu 条译文", "%zu more translations are missing", t->missing - TELL_MAX);
}

/* ---- what was left behind ---- */

static void stale(struct tongue *t, const struct yaml_node *key, struct str near)
{
    struct diag *d =
        node_error(t->ld->diags, t->file, key, "i18n_unknown", "没有“%.*s”，这段译文用不上了",
                   "There is no “%.*s”; this translation is not used", STR_ARG(key->text));
    diag_suggest(t->ld->diags, d, near);
}

static void check_forms(struct tongue *t, const struct yaml_node *forms)
{
    const struct app *app = t->ld->app;
    for (size_t i = 0; forms && i < forms->n; i++) {
        const struct form *f = app_form(app, forms->keys[i]->text);
        const struct yaml_node *fields = node_of(forms->items[i], "fields", YAML_MAP);
        if (!f)
            stale(t, forms->keys[i], map_nearest(&app->form_by_key, forms->keys[i]->text));
        for (size_t k = 0; f && !f->broken && fields && k < fields->n; k++) {
            if (!form_field(f, fields->keys[k]->text))
                stale(t, fields->keys[k], map_nearest(&f->by_key, fields->keys[k]->text));
        }
    }
}

void ld_i18n(struct load *ld)
{
    for (size_t i = 0; i < ld->nfiles; i++) {
        struct tongue t = {.ld = ld, .file = &ld->files[i]};
        if (!str_starts(t.file->path, STR("i18n/")) || !t.file->root)
            continue;
        t.lang = str_sub(t.file->path, 5, t.file->path.n - 10);
        flatten(&t, t.file->root, STR_NONE);
        check_forms(&t, node_of(t.file->root, "forms", YAML_MAP));
        want_all(&t);
    }
}
