/*
 * What the checker says about mistakes, in Chinese and English, with the nearest name that exists.
 * The browser's small copy has none of this (FX_QUIET): there only places count.
 */
#include "engine/formula/fx_complete.h"
#include "engine/formula/fx_int.h"

struct type_word {
    const char *zh, *en;
};

static const struct type_word type_words[] = {
    [FX_BLANK] = {"空值", "blank"},    [FX_BOOL] = {"是/否", "boolean"},
    [FX_NUM] = {"数值", "number"},     [FX_TEXT] = {"文本", "text"},
    [FX_DATE] = {"日期", "date"},      [FX_DATETIME] = {"日期时间", "datetime"},
    [FX_TIME] = {"时间", "time"},      [FX_LINK] = {"关联记录", "link"},
    [FX_MEMBER] = {"成员", "member"},  [FX_DEPT] = {"部门", "department"},
    [FX_ROWS] = {"子表", "sub-table"}, [FX_JSON] = {"文件等附加内容", "file or other content"}};

struct str fx_type_title(struct arena *a, struct fx_type t, bool zh)
{
    const struct type_word *w = &type_words[t.base];
    if (!t.list) {
        return str_of(zh ? w->zh : w->en);
    }
    return zh ? str_fmt(a, "%s列表", w->zh) : str_fmt(a, "list of %s", w->en);
}

struct diag *fx_complain(struct checker *c, const struct node *n, const char *zh, const char *en,
                         ...)
{
    va_list ap;
    va_list again;
    c->failed = true;
    va_start(ap, en);
    va_copy(again, ap);
    struct strb text;
    strb_init(&text, c->diags->a);
    strb_addv(&text, zh, ap);
    struct diag *d = diag_file(c->diags, DIAG_ERROR, c->file, fx_pos(c->text, c->at, n->pos),
                               "formula", "%s", "%s", "");
    d->zh = strb_str(&text);
    strb_init(&text, c->diags->a);
    strb_addv(&text, en, again);
    d->en = strb_str(&text);
    va_end(again);
    va_end(ap);
    return d;
}

void fx_complain_type(struct checker *c, const struct node *n, const char *want_zh,
                      const char *want_en)
{
    struct arena *a = c->diags->a;
    struct str zh = fx_type_title(a, n->type, true);
    struct str en = fx_type_title(a, n->type, false);
    struct diag *d = fx_complain(c, n, "类型不对。", "Wrong type.");
    d->zh = str_fmt(a, "这里需要%s，给的却是%.*s。", want_zh, STR_ARG(zh));
    d->en = str_fmt(a, "This must be a %s, but it is a %.*s.", want_en, STR_ARG(en));
}

/* Two operands that do not go together. */
void fx_complain_pair(struct checker *c, const struct node *n, const char *what_zh,
                      const char *what_en)
{
    struct arena *a = c->diags->a;
    struct fx_type x = n->args[0]->type;
    struct fx_type y = n->args[1]->type;
    const char *op = fx_op_name((enum op)n->op);
    struct str xz = fx_type_title(a, x, true), yz = fx_type_title(a, y, true);
    struct str xe = fx_type_title(a, x, false), ye = fx_type_title(a, y, false);
    struct diag *d = fx_complain(c, n, "类型不对。", "Wrong type.");
    d->zh = str_fmt(a, "%.*s和%.*s不能用“%s”%s。", STR_ARG(xz), STR_ARG(yz), op, what_zh);
    d->en = str_fmt(a, "A %.*s and a %.*s cannot be %s with “%s”.", STR_ARG(xe), STR_ARG(ye),
                    what_en, op);
}

/* Results of a function that should be of one type. */
void fx_complain_branch(struct checker *c, const struct node *x, struct fx_type before)
{
    struct arena *a = c->diags->a;
    struct str xz = fx_type_title(a, before, true), yz = fx_type_title(a, x->type, true);
    struct str xe = fx_type_title(a, before, false), ye = fx_type_title(a, x->type, false);
    struct diag *d = fx_complain(c, x, "类型不一致。", "Types differ.");
    d->zh = str_fmt(a, "各个结果要是同一类型：前面是%.*s，这里是%.*s。", STR_ARG(xz), STR_ARG(yz));
    d->en = str_fmt(a, "All results must be of one type: %.*s before, %.*s here.", STR_ARG(xe),
                    STR_ARG(ye));
}

/* A case of SWITCH that cannot equal the value. */
void fx_complain_case(struct checker *c, const struct node *x, struct fx_type value)
{
    struct arena *a = c->diags->a;
    fx_complain_type(c, x, str_z(a, fx_type_title(a, value, true)),
                     str_z(a, fx_type_title(a, value, false)));
}

/* ---- names ---- */

struct nearest {
    struct str key;
    struct str best;
    size_t distance;
};

static void consider(void *arg, struct str key)
{
    struct nearest *n = arg;
    size_t limit = n->key.n <= 4 ? 1 : n->key.n <= 8 ? 2 : 3;
    size_t d = str_distance(n->key, key, limit);
    if (d <= limit && (n->best.n == 0 || d < n->distance)) {
        n->best = key;
        n->distance = d;
    }
}

struct str fx_near_form(const struct checker *c, struct str key)
{
    const struct fx_schema *s = c->scope->schema;
    struct nearest near = {.key = key};
    if (s != NULL && s->each != NULL) {
        s->each(s->self, NULL, consider, &near);
    }
    return near.best;
}

void fx_complain_name(struct checker *c, const struct node *n, const void *form, struct str key)
{
    const struct fx_schema *s = c->scope->schema;
    struct nearest near = {.key = key};
    if (s != NULL && s->each != NULL && form != NULL) {
        s->each(s->self, form, consider, &near);
    }
    for (size_t i = 0; i < c->scope->nvars; i++) {
        consider(&near, c->scope->vars[i].name);
    }
    if (near.best.n != 0) {
        fx_complain(c, n, "没有字段“%.*s”，是不是“%.*s”？",
                    "There is no field “%.*s”; did you mean “%.*s”?", STR_ARG(key),
                    STR_ARG(near.best));
    } else if (fx_fn_find(key) != NULL) {
        fx_complain(c, n, "函数“%.*s”后面要有括号。", "The function “%.*s” needs parentheses.",
                    STR_ARG(key));
    } else {
        fx_complain(c, n, "没有字段“%.*s”。", "There is no field “%.*s”.", STR_ARG(key));
    }
}
