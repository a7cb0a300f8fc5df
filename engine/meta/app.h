/*
 * The root of a loaded app: an immutable value with a counted reference. A publish builds a new one
 * and swaps the pointer; requests in flight finish on the old one.
 */
#ifndef META_APP_H
#define META_APP_H

#include "engine/formula/fx_calendar.h"
#include "engine/meta/form.h"
#include <stdatomic.h>

struct app_file {
    struct str path; /* "forms/lead.yaml", with / */
    struct str text; /* bytes */
};

/* The text of an app: every file, sorted by path. What versions store and load() reads. */
struct app_source {
    struct str key;
    const struct app_file *files;
    size_t nfiles;
};

struct role {
    struct str key;
    struct str title;
    bool external;
};

struct setting {
    struct str key;
    struct str title;
    const struct fieldtype *type;
    struct field *field; /* pseudo field for coercion and type */
    struct val dflt;
    bool effective; /* keeps versions with a start day */
};

/* How an endpoint wants to be called. */
enum endpoint_kind {
    ENDPOINT_JSON, /* a signed POST of the body */
    ENDPOINT_FORM, /* the same, form-encoded */
    ENDPOINT_SMS,  /* a gateway for text messages: form-encoded too */
    ENDPOINT_WECOM,
    ENDPOINT_DINGTALK,
    ENDPOINT_FEISHU
};
struct endpoint {
    struct str key;
    struct str title;
    enum endpoint_kind kind;
    struct str url;
    struct str secret;
};

enum menu_kind { MENU_FORM, MENU_VIEW, MENU_DASHBOARD, MENU_GROUP };
struct menu_item {
    enum menu_kind kind;
    struct str title; /* empty: the target's own */
    struct str icon;
    struct form *form;
    const struct view *view;
    struct str dashboard;
    const struct menu_item *items; /* MENU_GROUP */
    size_t nitems;
};

/* Dashboards keep their node as a value: the page draws it, dash.c runs the widgets' compiled
 * queries. */
struct metric {
    struct str key;
    struct str title;
    struct fx *fx;
    bool derived; /* arithmetic over the widget's metrics: vars are theirs, by index */
    struct str format;
    struct str percent_of; /* total row column, or empty */
    bool running;
};
struct widget {
    struct str key, type, title;
    struct place at;
    int32_t x, y, w, h;
    struct form *form;
    const struct view *view;
    struct fx *filter;
    struct fx *const *group;
    size_t ngroup;
    size_t nrows; /* pivot: the first nrows of group are rows, the rest columns */
    const struct metric *metrics;
    size_t nmetrics;
    struct str sort;        /* "-metric_key" or "group" */
    struct str drill;       /* a view of the form, or empty */
    const struct str *link; /* keys of filters it sets */
    size_t nlink;
    uint32_t min_group;
    struct str run_as; /* a role, or empty */
    uint32_t limit;
    struct str format; /* number money percent */
    struct val raw;    /* the widget's whole node, for the page */
};
struct dash_filter {
    struct str key;
    struct str field;
    struct str type;
    struct val dflt;
};
struct dashboard {
    struct str key, title, icon;
    struct place at;
    uint32_t columns;
    const struct str *can; /* roles; none: everybody of the app */
    size_t ncan;
    const struct widget *widgets;
    size_t nwidgets;
    const struct dash_filter *filters;
    size_t nfilters;
    struct val raw;
};

struct monitor; /* monitor.h */

/* What the script layer made of a file when it first ran: a malloc'ed block, freed with the app.
 * Set once by compare and swap, so threads need no lock. */
struct compiled {
    _Atomic(void *) block;
};

struct app {
    struct arena *a;
    atomic_int refs;
    struct str key, title, language, icon, color;
    struct str app_version; /* `version:` of app.yaml */
    int64_t n;              /* published version number; 0: a draft */
    struct str hash;        /* hex of the text's hash */
    struct zone zone;
    struct fx_calendar calendar;
    struct app_source source;
    struct compiled *compiled; /* by index of source.files */
    struct role *roles;
    size_t nroles;
    struct form **forms; /* by key order of files; sub-tables are inside their form */
    size_t nforms;
    struct map form_by_key;
    struct setting *settings;
    size_t nsettings;
    struct endpoint *endpoints;
    size_t nendpoints;
    struct menu_item *menu;
    size_t nmenu;
    struct dashboard *dashboards;
    size_t ndashboards;
    struct monitor *monitors;
    size_t nmonitors;
    struct val boards; /* the node of app.yaml */
    /* The built-in app with this one's overlays: the member's fields, for USER.field. NULL in the
     * built-in app itself. Definitions only; rows are those of the running app `people`. */
    struct app *people;
    uint32_t nfields; /* struct field.nth is below */
    struct map i18n;  /* "en/forms.lead.fields.company.title" -> struct str * */
};

struct app *app_ref(struct app *app);
void app_unref(struct app **app); /* frees the arena with the last one */

struct form *app_form(const struct app *app, struct str key); /* NULL */
const struct role *app_role(const struct app *app, struct str key);
const struct setting *app_setting(const struct app *app, struct str key);
const struct dashboard *app_dashboard(const struct app *app, struct str key);
const struct app_file *app_file(const struct app *app, struct str path);

/*
 * A text in the reader's language: the translation at `path`, else the one of `texts` for `source`
 * itself, else `source`. Paths mirror the files: "app.title", "roles.sales.title",
 * "settings.limit.title", "forms.lead.title", "forms.lead.fields.company.title" (help, placeholder,
 * message, options.web, fields.… of a sub-table), "forms.lead.views.mine.title",
 * "forms.lead.buttons.claim.title" (confirm), "forms.lead.public.inquiry.title",
 * "forms.lead.flow.start.title", "forms.lead.flow.nodes.manager.title",
 * "dashboards.sales.title", "dashboards.sales.widgets.revenue.title". What has no key (sections,
 * tabs, menu groups, messages of checks) has an empty path and is found by its source text.
 */
struct str app_text(const struct app *app, struct str lang, struct str path, struct str source);

#endif
