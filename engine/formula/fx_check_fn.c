/*
 * Calls: the number and types of arguments by the signature of the function's row, the functions
 * with a shape of their own (IFS, SWITCH), the stored-row functions, metrics.
 */
#include "engine/formula/fx_int.h"

/* ---- one argument against one letter of a signature ---- */

struct letter {
    char c;
    uint16_t bases; /* bit per enum fx_base */
    bool single;    /* a list is not allowed */
    bool list;      /* only a list is allowed */
    const char *zh, *en;
};

#define B(x)    (1u << (x))
#define ANY     0xFFFFu
#define PLAIN   (ANY & ~(B(FX_JSON) | B(FX_ROWS)))
#define ORDERED (B(FX_NUM) | B(FX_TEXT) | B(FX_DATE) | B(FX_DATETIME) | B(FX_TIME))

static const struct letter letters[] = {
    {'n', B(FX_NUM), true, false, FX_SAY("数值"), FX_SAY("number")},
    {'t', B(FX_TEXT), true, false, FX_SAY("文本"), FX_SAY("text")},
    {'b', B(FX_BOOL), true, false, FX_SAY("是/否条件"), FX_SAY("boolean condition")},
    {'d', B(FX_DATE) | B(FX_DATETIME), true, false, FX_SAY("日期"), FX_SAY("date")},
    {'D', B(FX_DATE), true, false, FX_SAY("日期（不带时间）"), FX_SAY("date without time")},
    {'m', B(FX_TIME), true, false, FX_SAY("时间"), FX_SAY("time")},
    {'h', B(FX_TIME) | B(FX_DATETIME), true, false, FX_SAY("时间或日期时间"),
     FX_SAY("time or datetime")},
    {'x', PLAIN, true, false, FX_SAY("单个值"), FX_SAY("single value")},
    {'N', B(FX_NUM), false, false, FX_SAY("数值或数值列表"), FX_SAY("number or list of numbers")},
    {'T', B(FX_TEXT), false, false, FX_SAY("文本或文本列表"), FX_SAY("text or list of texts")},
    {'X', PLAIN, false, false, FX_SAY("值或列表"), FX_SAY("value or list")},
    {'O', ORDERED, false, false, FX_SAY("可比较大小的值"), FX_SAY("value that can be ordered")},
    {'L', PLAIN, false, true, FX_SAY("列表"), FX_SAY("list")},
    {'Q', B(FX_NUM), false, true, FX_SAY("数值列表"), FX_SAY("list of numbers")},
    {'H', B(FX_TIME) | B(FX_DATETIME) | B(FX_DATE), true, false, FX_SAY("时间或日期时间"),
     FX_SAY("time or datetime")},
    {'C', B(FX_DATE), false, false, FX_SAY("日期或日期列表"), FX_SAY("date or list of dates")},
    {'R', B(FX_DATE), false, true, FX_SAY("日期列表"), FX_SAY("list of dates")},
    {'v', B(FX_NUM) | B(FX_TEXT), true, false, FX_SAY("数值或文本"), FX_SAY("number or text")},
    {'M', B(FX_MEMBER), true, false, FX_SAY("成员"), FX_SAY("member")},
    {'z', ANY, false, false, FX_SAY("值"), FX_SAY("value")},
    {'u', PLAIN, false, false, FX_SAY("值"), FX_SAY("value")}};

static const struct letter *find_letter(char c)
{
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        if (letters[i].c == c) {
            return &letters[i];
        }
    }
    return &letters[0];
}

static bool check_arg(struct checker *c, const struct node *x, char code)
{
    const struct letter *l = find_letter(code);
    struct fx_type t = x->type;
    if (t.base == FX_BLANK) {
        return true;
    }
    if (!(B(t.base) & l->bases) || (l->single && t.list) || (l->list && !t.list)) {
        fx_complain_type(c, x, l->zh, l->en);
        return false;
    }
    return true;
}

/* ---- signatures ---- */

struct sig {
    char args[24];
    size_t n;        /* letters */
    size_t required; /* how many must be there */
    bool repeats;    /* the last letter may repeat */
    char result;
};

static struct sig sig_read(const char *text)
{
    struct sig s = {.required = SIZE_MAX};
    for (; *text != '>' && *text != 0; text++) {
        if (*text == '?') {
            s.required = s.n;
        } else if (*text == '*') {
            s.repeats = true;
            s.required = MIN(s.required, s.n - 1);
        } else if (s.n < sizeof(s.args)) {
            s.args[s.n++] = *text;
        }
    }
    s.required = MIN(s.required, s.n);
    s.result = *text == '>' ? text[1] : 'n';
    return s;
}

static bool check_count(struct checker *c, const struct node *n, size_t least, size_t most)
{
    if (n->nargs >= least && n->nargs <= most) {
        return true;
    }
    if (least == most) {
        fx_complain(c, n, "%s 要 %zu 个参数，给了 %zu 个。", "%s takes %zu arguments, but got %zu.",
                    n->fn->name, least, (size_t)n->nargs);
    } else if (most == SIZE_MAX) {
        fx_complain(c, n, "%s 至少要 %zu 个参数，给了 %zu 个。",
                    "%s takes at least %zu arguments, but got %zu.", n->fn->name, least,
                    (size_t)n->nargs);
    } else {
        fx_complain(c, n, "%s 要 %zu 到 %zu 个参数，给了 %zu 个。",
                    "%s takes %zu to %zu arguments, but got %zu.", n->fn->name, least, most,
                    (size_t)n->nargs);
    }
    return false;
}

static void unify_arg(struct checker *c, struct fx_type *into, const struct node *x)
{
    struct fx_type t = x->type;
    if (!fx_unify(into, &t)) {
        fx_complain_branch(c, x, *into);
    }
}

static struct fx_type result_type(char code, struct fx_type branch, const struct node *n)
{
    struct fx_type first = n->nargs ? n->args[0]->type : (struct fx_type){.base = FX_BLANK};
    struct fx_type t = {.base = FX_NUM};
    first.has_scale = false;
    switch (code) {
    case 't': t.base = FX_TEXT; break;
    case 'b': t.base = FX_BOOL; break;
    case 'D': t.base = FX_DATE; break;
    case 'i': t.base = FX_DATETIME; break;
    case 'm': t.base = FX_TIME; break;
    case 'T': t = (struct fx_type){.base = FX_TEXT, .list = true}; break;
    case 'M': t.base = FX_MEMBER; break;
    case 'Z': t = (struct fx_type){.base = FX_MEMBER, .list = true}; break;
    case 'P': t.base = FX_DEPT; break;
    case 'Y': t = (struct fx_type){.base = FX_DEPT, .list = true}; break;
    case 'u':
    case 'o': t = branch; break;
    case '1':
    case 'l': t = first; break;
    case 'e':
        t = first;
        t.list = false;
        break;
    default: break;
    }
    if (code == 'o') {
        t.list = false;
        t.has_scale = false;
    }
    return t;
}

void fx_check_as(struct checker *c, struct node *n, const char *sig)
{
    struct sig s = sig_read(sig);
    struct fx_type branch = {.base = FX_BLANK};
    if (!check_count(c, n, s.required, s.repeats ? SIZE_MAX : s.n)) {
        n->type = result_type(s.result, branch, n);
        return;
    }
    for (size_t i = 0; i < n->nargs; i++) {
        char code = s.args[MIN(i, s.n - 1)];
        if (!check_arg(c, n->args[i], code)) {
            continue;
        }
        if (code == 'u') {
            unify_arg(c, &branch, n->args[i]);
        } else if (code == 'O') {
            struct node item = *n->args[i];
            item.type.list = false;
            unify_arg(c, &branch, &item);
        }
    }
    n->type = result_type(s.result, branch, n);
}

/* IFS(condition, value, …): pairs. */
void fx_check_ifs(struct checker *c, struct node *n)
{
    struct fx_type t = {.base = FX_BLANK};
    if (n->nargs < 2 || n->nargs % 2 != 0) {
        fx_complain(c, n, "IFS 要成对的参数：条件， 值， 条件， 值……",
                    "IFS takes pairs: condition, value, condition, value, …");
    }
    for (uint32_t i = 0; i + 1 < n->nargs; i += 2) {
        check_arg(c, n->args[i], 'b');
        if (check_arg(c, n->args[i + 1], 'u')) {
            unify_arg(c, &t, n->args[i + 1]);
        }
    }
    n->type = t;
}

/* SWITCH(x, key, value, …, else) */
void fx_check_switch(struct checker *c, struct node *n)
{
    struct fx_type t = {.base = FX_BLANK};
    if (n->nargs < 3) {
        fx_complain(c, n, "SWITCH 至少要 3 个参数：被比较的值， 情形， 结果。",
                    "SWITCH takes at least 3 arguments: the value, a case, its result.");
        return;
    }
    check_arg(c, n->args[0], 'x');
    for (uint32_t i = 1; i < n->nargs; i++) {
        bool key = i % 2 == 1 && i + 1 < n->nargs;
        const struct node *x = n->args[i];
        if (!key) {
            if (check_arg(c, x, 'u')) {
                unify_arg(c, &t, x);
            }
        } else if (!fx_comparable(&n->args[0]->type, &x->type, false)) {
            fx_complain_case(c, x, n->args[0]->type);
        } else {
            fx_check_option(c, &n->args[0]->type, x);
        }
    }
    n->type = t;
}

/* SUMIF, COUNTIF, AVERAGEIF: (list, criterion, sums?) */
void fx_check_sumif(struct checker *c, struct node *n)
{
    bool count = str_eqz(str_of(n->fn->name), "COUNTIF");
    n->type.base = FX_NUM;
    if (!check_count(c, n, 2, count ? 2 : 3)) {
        return;
    }
    struct fx_type of = n->args[0]->type;
    struct fx_type by = n->args[1]->type;
    of.list = false;
    if (!check_arg(c, n->args[0], 'L') || !check_arg(c, n->args[1], 'x')) {
        return;
    }
    if (by.base != FX_TEXT && !fx_comparable(&of, &by, false)) {
        fx_complain_type(c, n->args[1], "同类的值或 \">100\" 这样的条件",
                         "value of the same type or a criterion like \">100\"");
    }
    if (n->nargs == 3) {
        check_arg(c, n->args[2], 'Q');
    } else if (!count && of.base != FX_NUM && of.base != FX_BLANK) {
        fx_complain_type(c, n->args[0], "数值列表", "list of numbers");
    }
}

/* LARGE and SMALL, RANK share check by signature; HASROLE and SETTING look at their constant. */
static bool constant_text(struct checker *c, const struct node *n, struct str *key)
{
    if (n->nargs == 0 || n->args[0]->kind != N_CONST || n->args[0]->k.kind != VAL_TEXT) {
        fx_complain(c, n, "%s 的第一个参数要是写定的文本，如 %s(\"x\")。",
                    "The first argument of %s must be a literal text, as in %s(\"x\").",
                    n->fn->name, n->fn->name);
        return false;
    }
    *key = val_str(n->args[0]->k);
    return true;
}

void fx_check_hasrole(struct checker *c, struct node *n)
{
    const struct fx_schema *s = c->scope->schema;
    struct str key;
    fx_check_as(c, n, n->fn->sig);
    if (c->failed || n->nargs != 1 || n->args[0]->kind != N_CONST) {
        return;
    }
    if (constant_text(c, n, &key) && !c->scope->request && s != NULL && s->role != NULL &&
        s->role(s->self, key) != 1) {
        fx_complain(c, n->args[0], "没有角色“%.*s”。", "There is no role “%.*s”.", STR_ARG(key));
    }
}

void fx_check_setting(struct checker *c, struct node *n)
{
    const struct fx_schema *s = c->scope->schema;
    struct str key;
    n->type = (struct fx_type){.base = FX_BLANK};
    if (!check_count(c, n, 1, 2) || !constant_text(c, n, &key)) {
        return;
    }
    if (n->nargs == 2) {
        check_arg(c, n->args[1], 'd');
    }
    if (s == NULL || s->setting == NULL || s->setting(s->self, key, &n->type) != 1) {
        fx_complain(c, n->args[0], "没有设置“%.*s”。", "There is no setting “%.*s”.", STR_ARG(key));
    }
}

/* ---- metrics ---- */

static bool is_metric(const struct checker *c, const struct node *n)
{
    return fx_place_of(c) == FX_PLACE_METRIC && !c->in_stored && (n->fn->flags & FN_METRIC);
}

static void check_metric(struct checker *c, struct node *n)
{
    bool count = str_eqz(str_of(n->fn->name), "COUNT");
    struct sig s = sig_read(n->fn->sig);
    size_t most = s.repeats ? 1 : s.n; /* LARGE and SMALL say which */
    if (c->in_agg) {
        fx_complain(c, n, "汇总函数不能嵌套。", "Aggregates cannot be nested.");
    }
    c->in_agg = true;
    for (uint32_t i = 0; i < n->nargs; i++) {
        fx_check(c, n->args[i]);
    }
    c->in_agg = false;
    n->flags |= NF_AGG | NF_ROW;
    n->type.base = FX_NUM;
    if (!check_count(c, n, count ? 0 : most, most) || n->nargs == 0) {
        return;
    }
    if (most == 2 && (n->args[1]->flags & NF_ROW)) {
        fx_complain(c, n->args[1], "第几个要是写定的数值。", "Which one is a literal number.");
    } else if (most == 2) {
        check_arg(c, n->args[1], 'n');
    }
    if (n->args[0]->type.list) {
        fx_complain(c, n->args[0], "指标按记录汇总，这里不能是列表。",
                    "A metric aggregates records, so this cannot be a list.");
    } else if (check_arg(c, n->args[0], s.args[0] == 'Q' ? 'n' : s.args[0]) && s.result == 'o') {
        n->type = n->args[0]->type;
    }
}

/* The plain aggregate that a conditional one is made of; NULL: it is none. */
static const struct fn *without_if(const struct fn *fn)
{
    static const char *const pairs[][2] = {
        {"COUNTIF", "COUNT"}, {"SUMIF", "SUM"}, {"AVERAGEIF", "AVERAGE"}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (str_eqz(str_of(fn->name), pairs[i][0])) {
            return fx_fn_find(str_of(pairs[i][1]));
        }
    }
    return NULL;
}

static struct node *made(const struct checker *c, const struct node *like, enum node_kind kind,
                         uint32_t nargs)
{
    struct node *n = ARENA_NEW(c->a, struct node);
    n->kind = (uint8_t)kind;
    n->pos = like->pos;
    n->end = like->end;
    n->nargs = nargs;
    n->args = ARENA_ARRAY(c->a, struct node *, nargs ? nargs : 1);
    return n;
}

static uint8_t base_of(struct val v)
{
    if (fx_is_num(v)) {
        return FX_NUM;
    }
    if (v.kind == VAL_BOOL) {
        return FX_BOOL;
    }
    if (v.kind == VAL_DATE) {
        return FX_DATE;
    }
    return v.kind == VAL_TEXT ? FX_TEXT : FX_BLANK;
}

/* In a metric SUMIF(x, ">5", y) aggregates rows: it becomes SUM(IF(x > 5, y)); COUNTIF counts them.
 * False: complained. */
static bool rewrite_if(struct checker *c, struct node *n, const struct fn *plain)
{
    bool count = str_eqz(str_of(plain->name), "COUNT");
    struct val value;
    if (!check_count(c, n, 2, count ? 2 : 3)) {
        return false;
    }
    struct node *x = n->args[0];
    c->in_agg = true;
    fx_check(c, x);
    c->in_agg = false;
    if (n->args[1]->kind != N_CONST) {
        fx_complain(c, n->args[1], "指标里的条件要写定，如 \">100\"。",
                    "The criterion of a metric is a literal such as \">100\".");
    }
    if (c->failed) {
        return false;
    }
    struct node *cond = made(c, n->args[1], N_OP, 2);
    cond->op = (uint8_t)fx_criterion(n->args[1]->k, (enum fx_base)x->type.base, &value);
    cond->args[0] = x;
    cond->args[1] = made(c, n->args[1], N_CONST, 0);
    cond->args[1]->type.base = base_of(value);
    cond->args[1]->k = value;
    struct node *pick = made(c, n, N_CALL, 2);
    pick->fn = fx_fn_find(STR("IF"));
    pick->args[0] = cond;
    pick->args[1] = n->nargs == 3 ? n->args[2] : x;
    if (count) {
        pick->args[1] = made(c, n, N_CONST, 0);
        pick->args[1]->type.base = FX_NUM;
        pick->args[1]->k = val_num(1);
    }
    n->fn = plain;
    n->args[0] = pick;
    n->nargs = 1;
    return true;
}

/* ---- stored rows of other forms ---- */

/* Compiles one argument against the other form. */
static const struct fx *sub_compile(struct checker *c, struct node *n, const void *form)
{
    struct fx_scope scope = *c->scope;
    struct fx *fx = ARENA_NEW(c->a, struct fx);
    struct checker sub = *c;
    scope.form = form;
    scope.place = FX_PLACE_VALUE;
    sub.scope = &scope;
    sub.this_form = c->scope->form;
    sub.in_stored = true;
    sub.in_agg = false;
    sub.fx = fx;
    *fx = (struct fx){.root = n, .text = str_sub(c->text, n->pos, n->end - n->pos), .at = c->at};
    fx->at = fx_pos(c->text, c->at, n->pos);
    fx_check(&sub, n);
    c->failed = c->failed || sub.failed;
    c->fx->flags |= fx->flags;
    if (fx->no_sql.n) {
        fx_need_no_sql(c, str_z(c->a, fx->no_sql));
    }
    return fx;
}

static void stored_type(struct checker *c, struct node *n, const struct fx_call *call)
{
    struct fx_type t = call->value ? call->value->root->type : (struct fx_type){.base = FX_NUM};
    t.has_scale = false;
    if (t.list) {
        fx_complain(c, n->args[1], "这里要一个值，不能是列表。",
                    "A single value is needed here, not a list.");
        t.list = false;
    }
    switch (call->fn) {
    case FX_LOOKUP: break;
    case FX_LISTOF: t.list = true; break;
    case FX_COUNTOF: t = (struct fx_type){.base = FX_NUM}; break;
    case FX_SUMOF:
    case FX_AVGOF:
        check_arg(c, n->args[1], 'n');
        t = (struct fx_type){.base = FX_NUM};
        break;
    case FX_MINOF:
    case FX_MAXOF: check_arg(c, n->args[1], 'O'); break;
    }
    n->type = t;
}

static void unknown_form(struct checker *c, const struct node *name)
{
    struct str key = name->names[0];
    struct str near = fx_near_form(c, key);
    if (near.n != 0) {
        fx_complain(c, name, "没有表单“%.*s”，是不是“%.*s”？",
                    "There is no form “%.*s”; did you mean “%.*s”?", STR_ARG(key), STR_ARG(near));
    } else {
        fx_complain(c, name, "没有表单“%.*s”。", "There is no form “%.*s”.", STR_ARG(key));
    }
}

void fx_check_stored(struct checker *c, struct node *n)
{
    const struct fx_schema *s = c->scope->schema;
    struct fx_call *call = ARENA_NEW(c->a, struct fx_call);
    call->fn = (enum fx_stored)n->fn->context;
    size_t value = call->fn == FX_COUNTOF ? 0 : 1;
    n->type.base = FX_BLANK;
    if (!check_count(c, n, 1 + value, 2 + value)) {
        return;
    }
    struct node *name = n->args[0];
    if (name->kind != N_NAME || name->nargs != 1) {
        fx_complain(c, name, "第一个参数是表单的键，不加引号。",
                    "The first argument is the key of a form, without quotes.");
        return;
    }
    call->form = s != NULL && s->form != NULL ? s->form(s->self, name->names[0]) : NULL;
    if (call->form == NULL) {
        unknown_form(c, name);
        return;
    }
    if (value) {
        call->value = sub_compile(c, n->args[1], call->form);
    }
#ifndef __wasm__
    if (value && !c->failed && fx_has_encrypted(n->args[1])) {
        if (call->fn != FX_LOOKUP && call->fn != FX_LISTOF) {
            fx_check_encrypted(c, n->args[1], NULL, 0);
        }
        call->sealed = true;
        fx_need_no_sql(c, "encrypted");
    }
#endif
    if (n->nargs > 1 + value) {
        struct node *where = n->args[1 + value];
        call->where = sub_compile(c, where, call->form);
        check_arg(c, where, 'b');
#ifndef __wasm__
        if (!c->failed) {
            fx_check_encrypted(c, where, NULL, 0);
        }
        if (!c->failed && fx_has_encrypted(where)) {
            fx_need_no_sql(c, "encrypted");
        }
#endif
    }
    stored_type(c, n, call);
    c->fx->flags |= FX_STORED;
    vec_push(c->a, &c->fx->calls, (const struct fx_call *)call);
    n->kind = N_STORED;
    n->flags |= NF_ROW;
    n->eval = fx_eval_stored;
    n->num = fx_num_any;
    n->call = call;
}

/* ---- calls ---- */

static void take_flags(struct checker *c, struct node *n)
{
    const struct fn *fn = n->fn;
    c->fx->flags |=
        (fn->flags & FN_VOLATILE ? FX_VOLATILE : 0u) | (fn->flags & FN_SERVER ? FX_SERVER : 0u);
    if (fn->flags & FN_NO_SQL) {
        fx_need_no_sql(c, fn->name);
    }
    n->flags |= (fn->flags & FN_ENV ? NF_ENV : 0) | (fn->flags & FN_KNOWN ? NF_KNOWN : 0);
}

void fx_check_call(struct checker *c, struct node *n)
{
    bool metric = fx_place_of(c) == FX_PLACE_METRIC && !c->in_stored && !c->in_agg;
    const struct fn *plain = metric ? without_if(n->fn) : NULL;
    if (plain != NULL && !rewrite_if(c, n, plain)) {
        n->type.base = FX_NUM;
        n->eval = fx_eval_call;
        n->num = fx_num_any;
        return;
    }
    const struct fn *fn = n->fn;
    n->eval = fn->flags & FN_LAZY ? fn->lazy : fx_eval_call;
    n->num = fx_num_any;
    take_flags(c, n);
    if (fn->check == fx_check_stored) {
        fx_check_stored(c, n);
        return;
    }
    if (is_metric(c, n)) {
        check_metric(c, n);
        return;
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        fx_check(c, n->args[i]);
        n->flags |= n->args[i]->flags & (NF_ROW | NF_AGG | NF_ENV);
        n->flags |= n->args[i]->type.base == FX_DATETIME ? NF_ENV : 0;
    }
    if (fn->check != NULL) {
        fn->check(c, n);
    } else {
        fx_check_as(c, n, n->fn->sig);
    }
    if (fn->call == fx_context_call && (n->flags & NF_ROW)) {
        fx_need_no_sql(c, fn->name); /* of who asks, not of each row */
    }
    for (uint32_t i = 0; (fn->flags & FN_NAMES) && i < n->nargs; i++) {
        if (fx_has_title(&n->args[i]->type)) {
            fx_need_no_sql(c, fn->name);
        }
    }
    if (!(fn->flags & FN_VOLATILE)) {
        fx_fold(c, n);
    }
}
