/*
 * A loaded app: counting references and looking things up.
 */
#include "engine/meta/app.h"

struct app *app_ref(struct app *app)
{
    atomic_fetch_add_explicit(&app->refs, 1, memory_order_relaxed);
    return app;
}

void app_unref(struct app **app)
{
    struct app *x = *app;
    *app = NULL;
    if (!x || atomic_fetch_sub_explicit(&x->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct arena *a = x->a; /* the app lives in its own arena */
    arena_free(&a);
}

struct form *app_form(const struct app *app, struct str key)
{
    return map_get(&app->form_by_key, key);
}

const struct role *app_role(const struct app *app, struct str key)
{
    for (size_t i = 0; i < app->nroles; i++) {
        if (str_eq(app->roles[i].key, key))
            return &app->roles[i];
    }
    return NULL;
}

const struct setting *app_setting(const struct app *app, struct str key)
{
    for (size_t i = 0; i < app->nsettings; i++) {
        if (str_eq(app->settings[i].key, key))
            return &app->settings[i];
    }
    return NULL;
}

const struct dashboard *app_dashboard(const struct app *app, struct str key)
{
    for (size_t i = 0; i < app->ndashboards; i++) {
        if (str_eq(app->dashboards[i].key, key))
            return &app->dashboards[i];
    }
    return NULL;
}

const struct app_file *app_file(const struct app *app, struct str path)
{
    for (size_t i = 0; i < app->source.nfiles; i++) {
        if (str_eq(app->source.files[i].path, path))
            return &app->source.files[i];
    }
    return NULL;
}

/* The key of i18n: "en/forms.lead.title"; longer ones are not translated. */
static struct str i18n_key(char buf[512], struct str lang, struct str path)
{
    size_t n = lang.n + 1 + path.n;
    if (n > 512)
        return STR_NONE;
    if (lang.n)
        memcpy(buf, lang.p, lang.n);
    buf[lang.n] = '/';
    if (path.n)
        memcpy(buf + lang.n + 1, path.p, path.n);
    return (struct str){buf, n};
}

/* "en-GB" to "en". */
static struct str base_language(struct str lang)
{
    struct str head;
    str_cut(lang, '-', &head);
    return head;
}

struct str app_text(const struct app *app, struct str lang, struct str path, struct str source)
{
    char buf[512], text_path[512];
    const struct str *found = NULL;
    struct str langs[2] = {lang, base_language(lang)};
    if (!app->i18n.n || !lang.n || str_eq(base_language(lang), base_language(app->language)))
        return source;
    memcpy(text_path, "texts.", 6);
    if (source.n && source.n < sizeof(text_path) - 6)
        memcpy(text_path + 6, source.p, source.n);
    bool by_text = source.n && source.n < sizeof(text_path) - 6;
    for (size_t i = 0; i < 2 && !found; i++) {
        found = path.n ? map_get(&app->i18n, i18n_key(buf, langs[i], path)) : NULL;
        if (!found && by_text)
            found =
                map_get(&app->i18n, i18n_key(buf, langs[i], (struct str){text_path, source.n + 6}));
    }
    return found ? *found : source;
}
