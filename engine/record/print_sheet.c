/*
 * The approval sheet of a form that has no template of its own: its fields in two columns, its
 * sub-tables, and who decided what.
 */
#include "engine/meta/app.h"
#include "engine/record/access.h"
#include "engine/record/print.h"

static const char style[] =
    "<style>body{font:10.5pt/1.5 \"PingFang SC\",\"Microsoft YaHei\",\"Noto Sans CJK SC\","
    "sans-serif;max-width:182mm;margin:8mm auto;padding:0 4mm;color:#1f1d1a}"
    "h1{font-size:18pt;text-align:center;margin:0 0 6mm}h2{font-size:12pt;margin:6mm 0 2mm}"
    "table{width:100%;border-collapse:collapse;margin:0 0 4mm}th,td{border:1px solid #999;"
    "padding:1.2mm 2mm;text-align:left;vertical-align:top}th{font-weight:600;background:#f4f4f4;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    ".f{table-layout:fixed}.f th{width:16%}img{max-height:22mm}"
    "@media(max-width:600px){.f,.f tbody,.f tr,.f th,.f td{display:block;width:auto}"
    "body{font-size:12pt}table{overflow-x:auto}}</style>";

/* Titles are the designer's text. */
static void put(struct strb *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '<')
            strb_addz(out, "&lt;");
        else if (s.p[i] == '&')
            strb_addz(out, "&amp;");
        else if (s.p[i] != '{' && s.p[i] != '}') /* no tag out of a title */
            strb_addc(out, s.p[i]);
    }
}

static struct str title_of(struct ctx *c, const struct form *f, const struct field *field)
{
    struct str lang = c->lang == LANG_EN ? STR("en") : STR("zh-CN");
    struct str path =
        field ? str_fmt(c->a, "forms.%.*s.fields.%.*s.title", STR_ARG(f->key), STR_ARG(field->key))
              : str_fmt(c->a, "forms.%.*s.title", STR_ARG(f->key));
    return app_text(f->app, lang, path, field ? field->title : f->title);
}

static void fields(struct ctx *c, const struct access *x, const struct form *f, struct strb *out)
{
    size_t n = 0;
    strb_addz(out, "<table class=\"f\">");
    for (size_t i = 0; i < f->nfields; i++) {
        const struct field *field = f->fields[i];
        if (field->sub || access_field(x, field) < FIELD_MASKED)
            continue;
        strb_addz(out, n % 2 ? "<th>" : "<tr><th>");
        put(out, title_of(c, f, field));
        strb_addf(out, "</th><td>{{%.*s}}</td>%s", STR_ARG(field->key), n % 2 ? "</tr>" : "");
        n++;
    }
    strb_addz(out, n % 2 ? "<th></th><td></td></tr></table>" : "</table>");
}

static void rows(struct ctx *c, const struct access *x, const struct field *table, struct strb *out)
{
    const struct form *sub = table->sub;
    strb_addz(out, "<h2>");
    put(out, title_of(c, table->form, table));
    strb_addz(out, "</h2><table><thead><tr>");
    for (size_t i = 0; i < sub->nfields; i++) {
        if (access_field(x, sub->fields[i]) < FIELD_MASKED)
            continue;
        strb_addz(out, "<th>");
        put(out, sub->fields[i]->title);
        strb_addz(out, "</th>");
    }
    strb_addf(out, "</tr></thead><tbody>{{#each %.*s}}<tr>", STR_ARG(table->key));
    for (size_t i = 0; i < sub->nfields; i++)
        if (access_field(x, sub->fields[i]) >= FIELD_MASKED)
            strb_addf(out, "<td>{{%.*s}}</td>", STR_ARG(sub->fields[i]->key));
    strb_addz(out, "</tr>{{/each}}</tbody></table>");
}

struct str print_sheet(struct ctx *c, const struct access *x, const struct form *f)
{
    struct strb out;
    strb_init(&out, c->a);
    strb_addf(&out,
              "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
              "content=\"width=device-width\">%s</head><body><h1>",
              style);
    put(&out, title_of(c, f, NULL));
    strb_addz(&out, "</h1>");
    fields(c, x, f, &out);
    for (size_t i = 0; i < f->nfields; i++)
        if (f->fields[i]->sub && access_field(x, f->fields[i]) >= FIELD_MASKED)
            rows(c, x, f->fields[i], &out);
    strb_addz(&out, "{{_flow}}</body></html>");
    return strb_str(&out);
}
