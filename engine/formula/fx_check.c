/*
 * Meaning: what names are, which types meet, which function evaluates a node.  Reports every
 * problem it can tell apart; a node that failed counts as blank, so that one mistake gives one
 * message. Calls of functions are in fx_check_fn.c.
 */
#include "engine/formula/fx_int.h"

#ifdef FX_QUIET
void fx_quiet(struct checker *c, const struct node *n)
{
    struct diag d = {
        .code = ERR_INVALID, .key = STR("formula"), .pos = fx_pos(c->text, c->at, n->pos)};
    c->failed = true;
    c->diags->errors++;
    vec_push(c->diags->a, &c->diags->list, d);
}
#endif

/* ---- types ---- */

bool fx_has_title(const struct fx_type *t)
{
    return fx_is_ref(t) || t->base == FX_JSON;
}

bool fx_is_ref(const struct fx_type *t)
{
    return t->base == FX_LINK || t->base == FX_MEMBER || t->base == FX_DEPT;
}

static bool is_day(const struct fx_type *t)
{
    return t->base == FX_DATE || t->base == FX_DATETIME;
}

bool fx_type_fits(const struct fx_type *a, const struct fx_type *b)
{
    if (a->base == FX_BLANK || b->base == FX_BLANK) {
        return true;
    }
    return a->base == b->base && a->list == b->list &&
           (a->base != FX_LINK || a->form == NULL || b->form == NULL || a->form == b->form);
}

bool fx_comparable(const struct fx_type *a, const struct fx_type *b, bool ordered)
{
    if (a->base == FX_BLANK || b->base == FX_BLANK) {
        return true;
    }
    if (a->list || b->list || a->base == FX_JSON || b->base == FX_JSON || a->base == FX_ROWS ||
        b->base == FX_ROWS) {
        return false;
    }
    if (is_day(a) && is_day(b)) {
        return true;
    }
    if (ordered) {
        return a->base == b->base && a->base != FX_BOOL && !fx_is_ref(a);
    }
    if ((fx_is_ref(a) && b->base == FX_TEXT) || (fx_is_ref(b) && a->base == FX_TEXT)) {
        return true;
    }
    return fx_type_fits(a, b);
}

bool fx_unify(struct fx_type *into, const struct fx_type *t)
{
    if (into->base == FX_BLANK) {
        *into = *t;
        return true;
    }
    if (t->base == FX_BLANK) {
        return true;
    }
    if (!fx_type_fits(into, t)) {
        return false;
    }
    if (into->options != t->options) {
        into->options = NULL;
    }
    if (into->form != t->form) {
        into->form = NULL;
    }
    into->has_scale = false;
    return true;
}

/* ---- names ---- */

struct root_word {
    const char *word;
    enum fx_root root;
};

static const struct root_word root_words[] = {{"parent", FX_PARENT}, {"old", FX_OLD},
                                              {"that", FX_THAT},     {"target", FX_TARGET},
                                              {"this", FX_THIS},     {"USER", FX_ME}};

static const void *root_form(const struct checker *c, enum fx_root root)
{
    switch (root) {
    case FX_ROW: return c->scope->form;
    case FX_PARENT: return c->scope->parent;
    case FX_OLD: return c->scope->old;
    case FX_THAT: return c->scope->that;
    case FX_TARGET: return c->scope->target;
    case FX_THIS: return c->in_stored ? c->this_form : c->scope->this_;
    case FX_ME: return c->scope->user;
    case FX_VAR: break;
    }
    return NULL;
}

/* The root word of a dotted name; *skip is 1 when it stands there. */
static bool find_root(struct checker *c, const struct node *n, enum fx_root *root, uint32_t *skip)
{
    *root = FX_ROW;
    *skip = 0;
    for (size_t i = 0; i < ARRAY_LEN(root_words); i++) {
        if (!str_ieq(n->names[0], str_of(root_words[i].word))) {
            continue;
        }
        /* `user` is no reserved word: a field may be called so */
        if (root_words[i].root == FX_ME && (!str_eqz(n->names[0], "USER") || n->nargs < 2)) {
            continue;
        }
        *root = root_words[i].root;
        *skip = 1;
        if (n->nargs < 2) {
            fx_complain(c, n, "“%s”后面要跟字段，如 %s.amount。",
                        "“%s” must be followed by a field, as in %s.amount.", root_words[i].word,
                        root_words[i].word);
            return false;
        }
        if (root_form(c, *root) == NULL) {
            fx_complain(c, n, "这里不能用“%s.”。", "“%s.” cannot be used here.",
                        root_words[i].word);
            return false;
        }
        return true;
    }
    if (c->scope->form == NULL && c->scope->nvars == 0) {
        fx_complain_name(c, n, NULL, n->names[0]);
        return false;
    }
    return true;
}

/* A name given from outside: whole dotted name. */
static bool find_var(struct checker *c, struct node *n, struct fx_ref *ref)
{
    for (size_t i = 0; i < c->scope->nvars; i++) {
        struct str rest = c->scope->vars[i].name;
        uint32_t k = 0;
        for (; k < n->nargs; k++) {
            struct str part = STR_NONE;
            bool last = k + 1 == n->nargs;
            if (last) {
                part = rest;
            } else {
                rest = str_cut(rest, '.', &part);
            }
            if (!str_eq(part, n->names[k])) {
                break;
            }
        }
        if (k == n->nargs) {
            ref->root = FX_VAR;
            ref->var = (uint32_t)i;
            ref->type = c->scope->vars[i].type;
            return true;
        }
    }
    return false;
}

/* One step of a path; the form behind it, or NULL with a problem reported. */
static const void *step_into(struct checker *c, const struct node *n, const struct fx_field *f,
                             struct str key, bool *list)
{
    bool many = f->type.base == FX_ROWS || f->type.list;
    if ((f->type.base != FX_LINK && f->type.base != FX_ROWS && f->type.base != FX_MEMBER &&
         f->type.base != FX_DEPT) ||
        f->type.form == NULL) {
        fx_complain(c, n, "“%.*s”不是关联或子表，后面不能再跟字段。",
                    "“%.*s” is no link or sub-table, so no field can follow.", STR_ARG(key));
        return NULL;
    }
    if (many && *list) {
        fx_complain(c, n, "一条路径只能穿过一个子表或多选关联。",
                    "A path can go through one sub-table or list of links only.");
        return NULL;
    }
    *list = *list || many;
    return f->type.form;
}

static bool walk_path(struct checker *c, const struct node *n, uint32_t skip, struct fx_ref *ref)
{
    const struct fx_schema *s = c->scope->schema;
    const void *form = root_form(c, ref->root);
    uint32_t count = n->nargs - skip;
    struct fx_field *path = ARENA_ARRAY(c->a, struct fx_field, count);
    bool list = false;
    for (uint32_t i = 0; i < count; i++) {
        struct str key = n->names[skip + i];
        if (form == NULL || s == NULL || s->field(s->self, form, key, &path[i]) != 1) {
            fx_complain_name(c, n, form, key);
            return false;
        }
        if (i + 1 < count) {
            form = step_into(c, n, &path[i], key, &list);
            if (form == NULL) {
                return false;
            }
        }
    }
    ref->path = path;
    ref->n = count;
    ref->type = path[count - 1].type;
    if (ref->type.list && list) {
        fx_complain(c, n, "列表里不能再有列表。", "Lists of lists are not supported.");
        return false;
    }
    ref->type.list = ref->type.list || list;
    return true;
}

static bool same_ref(const struct fx_ref *x, const struct fx_ref *y)
{
    return x->root == y->root && x->n == y->n && x->var == y->var && str_eq(x->name, y->name);
}

/* Keeps each distinct reference once; inside stored-row functions they belong to the call. */
static const struct fx_ref *keep_ref(struct checker *c, const struct fx_ref *ref)
{
    struct fx *fx = c->fx;
    for (size_t i = 0; i < fx->refs.n; i++) {
        if (same_ref(fx->refs.v[i], ref)) {
            return fx->refs.v[i];
        }
    }
    struct fx_ref *copy = ARENA_NEW(c->a, struct fx_ref);
    *copy = *ref;
    vec_push(c->a, &fx->refs, (const struct fx_ref *)copy);
    return copy;
}

static void check_metric_ref(struct checker *c, const struct node *n, const struct fx_ref *ref)
{
    if (fx_place_of(c) != FX_PLACE_METRIC || ref->root == FX_VAR || c->in_stored) {
        return;
    }
    if (!c->in_agg) {
        fx_complain(c, n, "指标里的字段要放在汇总函数中，如 SUM(%.*s)。",
                    "A field of a metric stands inside an aggregate, as in SUM(%.*s).",
                    STR_ARG(ref->name));
    }
}

static bool is_encrypted(const struct node *n)
{
    return n->kind == N_REF && n->ref->n > 0 && n->ref->path[n->ref->n - 1].encrypted;
}

void fx_resolve(struct checker *c, struct node *n)
{
    const struct str *last = &n->names[n->nargs - 1];
    struct fx_ref ref = {.name = {n->names[0].p, (size_t)(last->p + last->n - n->names[0].p)}};
    uint32_t skip = 0;
    bool ok =
        find_var(c, n, &ref) || (find_root(c, n, &ref.root, &skip) && walk_path(c, n, skip, &ref));
    n->kind = N_CONST;
    if (!ok) {
        fx_bind_const(n, VAL_NONE);
        n->type = (struct fx_type){.base = FX_BLANK};
        return;
    }
    check_metric_ref(c, n, &ref);
    n->kind = N_REF;
    n->nargs = 0;
    n->args = NULL;
    n->type = ref.type;
    n->flags |= ref.root == FX_VAR ? 0 : NF_ROW;
    if (ref.root == FX_ME) {
        c->fx->flags |= FX_VOLATILE; /* another one reads another value */
    }
    n->ref = keep_ref(c, &ref);
#ifndef __wasm__
    if (is_encrypted(n) && !c->in_stored && c->scope->place == FX_PLACE_VALUE) {
        fx_need_no_sql(c, "encrypted");
    }
#endif
    n->slot = ref.n == 1 && ref.root == FX_ROW ? ref.path[0].slot : 0;
    n->eval = ref.n == 1 && ref.root == FX_ROW ? fx_eval_slot : fx_eval_ref;
    n->num = n->eval == fx_eval_slot ? fx_num_slot : fx_num_any;
}

/* ---- options of selects ---- */

#ifdef __wasm__
/* The page's expressions were checked with the definition. */
void fx_check_option(struct checker *c, const struct fx_type *select, const struct node *text)
{
    (void)c;
    (void)select;
    (void)text;
}
#else
static void check_option_key(struct checker *c, const struct fx_type *select, const struct node *at,
                             struct str key)
{
    const struct fx_schema *s = c->scope->schema;
    struct node place = *at;
    if (s->option(s->self, select->options, key) == 1) {
        return;
    }
    /* Inside a folded list the key's own place is found in the text. */
    ptrdiff_t found = str_find(str_sub(c->text, at->pos, at->end - at->pos), key, 0);
    if (at->k.kind == VAL_LIST && found > 0) {
        place.pos += (uint32_t)found - 1;
    }
    fx_complain(c, &place, "没有选项“%.*s”。", "There is no option “%.*s”.", STR_ARG(key));
}

void fx_check_option(struct checker *c, const struct fx_type *select, const struct node *text)
{
    const struct fx_schema *s = c->scope->schema;
    if (select->options == NULL || c->scope->request || s == NULL || s->option == NULL) {
        return;
    }
    if (text->kind == N_LIST) {
        for (uint32_t i = 0; i < text->nargs; i++) {
            fx_check_option(c, select, text->args[i]);
        }
    }
    if (text->kind == N_CONST && text->k.kind == VAL_TEXT) {
        check_option_key(c, select, text, val_str(text->k));
    }
    for (uint32_t i = 0; text->kind == N_CONST && text->k.kind == VAL_LIST && i < text->k.n; i++) {
        if (text->k.list[i].kind == VAL_TEXT) {
            check_option_key(c, select, text, val_str(text->k.list[i]));
        }
    }
}
#endif

/* ---- operators ---- */

static bool need_scalar(struct checker *c, const struct node *n)
{
    if (n->type.list) {
        fx_complain(
            c, n, "这里要一个值，不能是列表；汇总用 SUM、JOIN 等函数。",
            "A single value is needed here, not a list; combine it with SUM, JOIN and the like.");
        return false;
    }
    return true;
}

static void need_base(struct checker *c, const struct node *n, enum fx_base base, const char *zh,
                      const char *en)
{
    if (n->type.base != FX_BLANK && (n->type.base != base || n->type.list)) {
        fx_complain_type(c, n, zh, en);
    }
}

static void check_logic(struct checker *c, struct node *n)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        need_base(c, n->args[i], FX_BOOL, "是/否条件", "boolean condition");
    }
    n->type.base = FX_BOOL;
    n->flags |= NF_KNOWN;
}

static void check_compare(struct checker *c, struct node *n)
{
    struct node *x = n->args[0];
    struct node *y = n->args[1];
    bool ordered = n->op != OP_EQ && n->op != OP_NE;
    bool list = x->type.list || y->type.list;
    bool blank = x->type.base == FX_BLANK || y->type.base == FX_BLANK;
    if (list && !(blank && !ordered)) {
        fx_complain(c, n, "列表只能和 BLANK 比较；判断是否包含用 CONTAINS 或 IN。",
                    "A list is compared with BLANK only; use CONTAINS or IN to look inside.");
    } else if (!fx_comparable(&x->type, &y->type, ordered)) {
        fx_complain_pair(c, n, "比较", "compared");
    } else if (!ordered) {
        fx_check_option(c, &x->type, y);
        fx_check_option(c, &y->type, x);
    }
    n->type.base = FX_BOOL;
    n->flags |= NF_KNOWN;
}

static void check_in(struct checker *c, struct node *n)
{
    struct node *item = n->args[n->op == OP_IN ? 0 : 1];
    struct node *list = n->args[n->op == OP_IN ? 1 : 0];
    struct fx_type of = list->type;
    n->type.base = FX_BOOL;
    n->flags |= NF_KNOWN;
    if (n->op == OP_CONTAINS && !of.list && of.base != FX_BLANK) {
        need_base(c, list, FX_TEXT, "文本或列表", "text or list");
        need_base(c, item, FX_TEXT, "文本", "text");
        return;
    }
    if (!of.list && of.base != FX_BLANK) {
        fx_complain_type(c, list, "列表，如 [\"a\", \"b\"]", "list, as in [\"a\", \"b\"]");
        return;
    }
    of.list = false;
    if (item->type.list || !fx_comparable(&item->type, &of, false)) {
        fx_complain_pair(c, n, "判断", "matched");
        return;
    }
    fx_check_option(c, &item->type, list);
    fx_check_option(c, &of, item);
}

static void check_cat(struct checker *c, struct node *n)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (need_scalar(c, n->args[i]) && fx_has_title(&n->args[i]->type)) {
            fx_need_no_sql(c, "&");
        }
    }
    n->type.base = FX_TEXT;
}

/* Dates take part in + and -. */
static bool check_date_sum(struct node *n)
{
    struct fx_type x = n->args[0]->type;
    struct fx_type y = n->args[1]->type;
    bool xn = x.base == FX_NUM || x.base == FX_BLANK;
    bool yn = y.base == FX_NUM || y.base == FX_BLANK;
    if (x.list || y.list) {
        return false;
    }
    if (n->op == OP_SUB && is_day(&x) && is_day(&y)) {
        n->type.base = FX_NUM;
        n->flags |= x.base != y.base ? NF_ENV : 0;
        return true;
    }
    if (is_day(&x) && yn) {
        n->type.base = x.base;
        return true;
    }
    if (n->op == OP_ADD && xn && is_day(&y)) {
        n->type.base = y.base;
        return true;
    }
    return false;
}

static void check_arith(struct checker *c, struct node *n)
{
    n->type.base = FX_NUM;
    if ((n->op == OP_ADD || n->op == OP_SUB) && check_date_sum(n)) {
        return;
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct node *x = n->args[i];
        if (x->type.list && x->type.base == FX_NUM) {
            fx_complain(c, x, "列表不能直接做运算，请用 SUMPRODUCT 或 SUM。",
                        "Lists take no part in arithmetic; use SUMPRODUCT or SUM.");
        } else if (x->type.base == FX_TEXT) {
            fx_complain(c, x, "文本不能做运算；文本转数值用 VALUE，连接文本用 &。",
                        "Texts take no part in arithmetic; use VALUE to convert, & to join.");
        } else {
            need_base(c, x, FX_NUM, "数值", "number");
        }
    }
}

static void check_op(struct checker *c, struct node *n)
{
    switch ((enum op)n->op) {
    case OP_OR:
    case OP_AND:
    case OP_NOT: check_logic(c, n); break;
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: check_compare(c, n); break;
    case OP_IN:
    case OP_CONTAINS: check_in(c, n); break;
    case OP_CAT: check_cat(c, n); break;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_NEG:
    case OP_PCT:
    case OP_POW: check_arith(c, n); break;
    case OP_NONE: break;
    }
    fx_bind_op(n);
    fx_fold(c, n);
}

static void check_list(struct checker *c, struct node *n)
{
    struct fx_type t = {.base = FX_BLANK};
    for (uint32_t i = 0; i < n->nargs; i++) {
        struct node *x = n->args[i];
        if (x->type.list) {
            fx_complain(c, x, "列表里不能再有列表。", "Lists of lists are not supported.");
        } else if (!fx_unify(&t, &x->type)) {
            fx_complain(c, x, "列表里的值要是同一类型。",
                        "The items of a list must be of one type.");
        }
    }
    t.list = true;
    n->type = t;
    n->eval = fx_eval_list;
    n->num = fx_num_any;
    fx_fold(c, n);
}

void fx_need_no_sql(struct checker *c, const char *what)
{
    struct fx *fx = c->fx;
    fx->flags |= FX_NO_SQL;
#ifdef FX_QUIET
    (void)what;
#else
    struct str name = str_of(what);
    if (str_find(fx->no_sql, name, 0) < 0) {
        fx->no_sql = fx->no_sql.n ? str_fmt(c->a, "%.*s, %s", STR_ARG(fx->no_sql), what) : name;
    }
#endif
}

/* ---- encrypted fields in SQL ---- */

/* What a blind index can answer: equality with a value, being blank, how many. */
static bool blind_can(const struct node *n, uint32_t i)
{
    if (n->kind == N_CALL) {
        struct str name = str_of(n->fn->name);
        return str_eqz(name, "ISBLANK") || str_eqz(name, "COUNT") || str_eqz(name, "COUNTA") ||
               str_eqz(name, "COUNTBLANK");
    }
    if (n->kind != N_OP || (n->op != OP_EQ && n->op != OP_NE && n->op != OP_IN) || n->nargs != 2) {
        return false;
    }
    const struct node *other = n->args[1 - i];
    if (other->kind == N_REF && other->ref->root == FX_THIS && n->op != OP_IN) {
        return true; /* bound: the row outside is known where this runs (fx_check_stored) */
    }
    return !(other->flags & NF_ROW) && (n->op != OP_IN || i == 0);
}

bool fx_has_encrypted(const struct node *n)
{
    bool has = is_encrypted(n);
    for (uint32_t k = 0; n->kind != N_STORED && k < n->nargs && !has; k++) {
        has = fx_has_encrypted(n->args[k]);
    }
    return has;
}

void fx_check_encrypted(struct checker *c, const struct node *n, const struct node *parent,
                        uint32_t i)
{
    if (is_encrypted(n) && (parent == NULL || !blind_can(parent, i))) {
        fx_complain(
            c, n, "“%.*s”是加密字段，数据库里只能用 =、<>、IN 和 ISBLANK 判断。",
            "“%.*s” is encrypted: in the database only =, <>, IN and ISBLANK can look at it.",
            STR_ARG(n->ref->name));
    }
    for (uint32_t k = 0; n->kind != N_STORED && k < n->nargs; k++) {
        fx_check_encrypted(c, n->args[k], n, k);
    }
}

/* What a node inherits from its arguments. */
static void gather(struct node *n)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        n->flags |= n->args[i]->flags & (NF_ROW | NF_AGG | NF_ENV);
        if (n->args[i]->type.base == FX_DATETIME) {
            n->flags |= NF_ENV;
        }
    }
}

void fx_check(struct checker *c, struct node *n)
{
    if (++c->depth > FX_MAX_TREE) {
        if (!c->failed) {
            fx_complain(c, n, "公式嵌套太深。", "The expression is nested too deeply.");
        }
        c->depth--;
        return;
    }
    if (n->kind == N_CALL) {
        fx_check_call(c, n);
    } else if (n->kind == N_NAME) {
        fx_resolve(c, n);
    } else if (n->kind == N_CONST) {
        fx_bind_const(n, n->k);
    } else {
        for (uint32_t i = 0; i < n->nargs; i++) {
            fx_check(c, n->args[i]);
        }
        gather(n);
        if (n->kind == N_OP) {
            check_op(c, n);
        } else if (n->kind == N_LIST) {
            check_list(c, n);
        }
    }
    c->depth--;
}
