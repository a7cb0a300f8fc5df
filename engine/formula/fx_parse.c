/*
 * Tokens to a tree: precedence climbing, one problem at most.  Knows shapes, no meanings.
 * AND, OR and & chains become one node with many arguments, so long generated filters stay flat.
 */
#include "engine/formula/fx_int.h"

#include "engine/base/utf8.h"
#include "engine/value/num.h"

struct src_pos fx_pos(struct str text, struct src_pos at, size_t pos)
{
    struct src_pos out = {at.line ? at.line : 1, at.column ? at.column : 1};
    size_t start = 0;
    for (size_t i = 0; i < pos && i < text.n; i++) {
        if (text.p[i] == '\n') {
            out.line++;
            out.column = 1;
            start = i + 1;
        }
    }
    out.column += (uint32_t)utf8_len(str_sub(text, start, pos - start));
    return out;
}

#define problem(p, pos, zh, en) problem_((p), (pos), FX_SAY(zh), FX_SAY(en))
#define unexpected(p, zh, en)   unexpected_((p), FX_SAY(zh), FX_SAY(en))

static void *problem_(struct parser *p, size_t pos, const char *zh, const char *en)
{
    if (!p->failed) {
        struct diag d = {.code = ERR_INVALID,
                         .key = STR("formula"),
                         .zh = str_of(zh),
                         .en = str_of(en),
                         .file = p->file,
                         .pos = fx_pos(p->text, p->at, pos)};
        p->failed = true;
        p->diags->errors++;
        vec_push(p->diags->a, &p->diags->list, d);
    }
    return NULL;
}

/* The token says what is wrong, or what was expected instead. */
static void *unexpected_(struct parser *p, const char *zh, const char *en)
{
    if (p->tok.kind == TOK_ERROR) {
        return problem_(p, p->tok.pos, p->tok.zh, p->tok.en);
    }
    return problem_(p, p->tok.pos, zh, en);
}

static void next(struct parser *p)
{
    p->tok = fx_lex(p->text, &p->pos);
}

static bool is_punct(const struct parser *p, char c)
{
    return p->tok.kind == TOK_PUNCT && p->tok.c == c;
}

static struct node *node_new(struct parser *p, enum node_kind kind, uint32_t pos)
{
    if (++p->nodes > FX_MAX_NODES) {
        return problem(p, pos, "公式太长（超过 10000 个部分）。",
                       "The expression is too long (over 10,000 parts).");
    }
    struct node *n = ARENA_NEW(p->a, struct node);
    n->kind = (uint8_t)kind;
    n->pos = pos;
    n->end = p->tok.end;
    return n;
}

static struct node *parse_expr(struct parser *p, int min);

static bool enter(struct parser *p)
{
    if (++p->depth > FX_MAX_DEPTH) {
        problem(p, p->tok.pos, "公式嵌套太深（超过 200 层）。",
                "The expression is nested too deeply (over 200 levels).");
        return false;
    }
    return true;
}

static struct node *parse_number(struct parser *p)
{
    struct node *n = node_new(p, N_CONST, p->tok.pos);
    double x = 0;
    if (n == NULL) {
        return NULL;
    }
    if (!num_parse(str_sub(p->text, n->pos, n->end - n->pos), &x)) {
        return problem(p, n->pos, "这个数字太大或写法不对。",
                       "This number is too large or malformed.");
    }
    n->k = val_num(x);
    n->type.base = FX_NUM;
    next(p);
    return n;
}

static struct node *parse_text(struct parser *p)
{
    struct node *n = node_new(p, N_CONST, p->tok.pos);
    if (n == NULL) {
        return NULL;
    }
    struct str raw = str_sub(p->text, n->pos + 1, n->end - n->pos - 2);
    if (memchr(raw.p, '"', raw.n) != NULL) {
        char *copy = arena_alloc(p->a, raw.n);
        size_t len = 0;
        for (size_t i = 0; i < raw.n; i++) {
            copy[len++] = raw.p[i];
            i += raw.p[i] == '"';
        }
        raw = (struct str){copy, len};
    }
    n->k = val_text(raw);
    n->type.base = FX_TEXT;
    next(p);
    return n;
}

typedef VEC(struct node *) node_vec;

/* Items up to `close`, which is consumed. */
static bool parse_items(struct parser *p, char close, node_vec *items)
{
    if (is_punct(p, close)) {
        return true;
    }
    for (;;) {
        struct node *item = parse_expr(p, 1);
        if (item == NULL) {
            return false;
        }
        vec_push(p->a, items, item);
        if (is_punct(p, close)) {
            return true;
        }
        if (!is_punct(p, ',')) {
            if (close == ')') {
                unexpected(p, "这里应当是逗号或右括号。", "A comma or “)” is expected here.");
            } else {
                unexpected(p, "这里应当是逗号或“]”。", "A comma or “]” is expected here.");
            }
            return false;
        }
        next(p);
    }
}

static struct node *parse_list(struct parser *p)
{
    struct node *n = node_new(p, N_LIST, p->tok.pos);
    node_vec items = {0};
    if (n == NULL || !enter(p)) {
        return NULL;
    }
    next(p);
    if (!parse_items(p, ']', &items)) {
        return NULL;
    }
    n->args = items.v;
    n->nargs = (uint32_t)items.n;
    n->end = p->tok.end;
    p->depth--;
    next(p);
    return n;
}

static void unknown_function(struct parser *p, const struct node *n, struct str name)
{
#ifdef FX_QUIET
    (void)name;
    problem_(p, n->pos, "", "");
#else
    struct str near = fx_fn_nearest(name, p->a);
    p->failed = true;
    diag_file(p->diags, DIAG_ERROR, p->file, fx_pos(p->text, p->at, n->pos), "formula",
              near.n ? "没有函数“%.*s”，是不是“%.*s”？" : "没有函数“%.*s”。%.*s",
              near.n ? "There is no function “%.*s”; did you mean “%.*s”?"
                     : "There is no function “%.*s”.%.*s",
              STR_ARG(name), STR_ARG(near));
#endif
}

static struct node *parse_call(struct parser *p, struct node *n, struct str name)
{
    node_vec args = {0};
    if (!enter(p)) {
        return NULL;
    }
    n->fn = fx_fn_find(name);
    if (n->fn == NULL) {
        unknown_function(p, n, name);
        return NULL;
    }
    next(p);
    if (!parse_items(p, ')', &args)) {
        return NULL;
    }
    n->kind = N_CALL;
    n->args = args.v;
    n->nargs = (uint32_t)args.n;
    n->end = p->tok.end;
    p->depth--;
    next(p);
    return n;
}

static struct node *constant(struct node *n, enum fx_base base, struct val v)
{
    n->kind = N_CONST;
    n->type.base = (uint8_t)base;
    n->k = v;
    return n;
}

/* A name, a dotted name, a function call or one of the constant words. */
static struct node *parse_name(struct parser *p)
{
    struct node *n = node_new(p, N_NAME, p->tok.pos);
    struct str parts[12];
    uint32_t count = 0;
    if (n == NULL) {
        return NULL;
    }
    for (;;) {
        parts[count++] = str_sub(p->text, p->tok.pos, p->tok.end - p->tok.pos);
        n->end = p->tok.end;
        next(p);
        if (!is_punct(p, '.')) {
            break;
        }
        next(p);
        if (p->tok.kind != TOK_NAME) {
            return unexpected(p, "点号后面应当是字段的键。",
                              "A field key is expected after the dot.");
        }
        if (count == ARRAY_LEN(parts)) {
            return problem(p, n->pos, "路径太长（超过 12 段）。",
                           "The path is too long (over 12 parts).");
        }
    }
    if (count == 1 && is_punct(p, '(')) {
        return parse_call(p, n, parts[0]);
    }
    if (count == 1 && (parts[0].n == 4 || parts[0].n == 5)) {
        if (str_ieq(parts[0], STR("true"))) {
            return constant(n, FX_BOOL, val_bool(true));
        }
        if (str_ieq(parts[0], STR("false"))) {
            return constant(n, FX_BOOL, val_bool(false));
        }
        if (str_ieq(parts[0], STR("blank"))) {
            return constant(n, FX_BLANK, VAL_NONE);
        }
    }
    n->names = ARENA_ARRAY(p->a, struct str, count);
    memcpy(n->names, parts, count * sizeof(*parts));
    n->nargs = count;
    return n;
}

static struct node *op_node(struct parser *p, enum op op, struct node *x, struct node *y)
{
    struct node *n = node_new(p, N_OP, x->pos);
    if (n == NULL) {
        return NULL;
    }
    n->op = (uint8_t)op;
    n->nargs = y == NULL ? 1 : 2;
    n->args = ARENA_ARRAY(p->a, struct node *, 2);
    n->args[0] = x;
    n->args[1] = y;
    n->end = y == NULL ? x->end : y->end;
    return n;
}

static struct node *prefix_op(struct parser *p, enum op op, int min)
{
    uint32_t pos = p->tok.pos;
    if (!enter(p)) {
        return NULL;
    }
    next(p);
    struct node *x = parse_expr(p, min);
    if (x == NULL) {
        return NULL;
    }
    p->depth--;
    if (op == OP_ADD) {
        return x;
    }
    struct node *n = op_node(p, op, x, NULL);
    if (n != NULL) {
        n->pos = pos;
    }
    return n;
}

static struct node *parse_paren(struct parser *p)
{
    uint32_t pos = p->tok.pos;
    if (!enter(p)) {
        return NULL;
    }
    next(p);
    struct node *n = parse_expr(p, 1);
    if (n == NULL) {
        return NULL;
    }
    if (!is_punct(p, ')')) {
        return unexpected(p, "缺少右括号。", "A closing parenthesis is missing.");
    }
    n->flags |= NF_PAREN;
    n->pos = pos;
    n->end = p->tok.end;
    p->depth--;
    next(p);
    return n;
}

/* How tightly an operator binds; its right side binds one tighter (everything associates left). */
static const uint8_t binding[] = {0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 6, 7, 7, 8, 9, 10};
enum { BIND_NOT = 3, BIND_COMPARE = 4, BIND_NEG = 8, BIND_POW = 10 };

static struct node *parse_primary(struct parser *p)
{
    switch ((enum token_kind)p->tok.kind) {
    case TOK_NUM: return parse_number(p);
    case TOK_TEXT: return parse_text(p);
    case TOK_NAME: return parse_name(p);
    case TOK_PUNCT:
        if (p->tok.c == '(') {
            return parse_paren(p);
        }
        if (p->tok.c == '[') {
            return parse_list(p);
        }
        break;
    case TOK_OP:
        if (p->tok.op == OP_SUB || p->tok.op == OP_ADD) {
            return prefix_op(p, p->tok.op == OP_SUB ? OP_NEG : OP_ADD, BIND_NEG);
        }
        if (p->tok.op == OP_NOT) {
            return prefix_op(p, OP_NOT, BIND_NOT);
        }
        if (p->tok.op == OP_AND || p->tok.op == OP_OR) {
            uint32_t pos = p->tok.pos;
            struct token word = p->tok;
            next(p);
            if (is_punct(p, '(')) {
                struct node *n = node_new(p, N_CALL, pos);
                return n ? parse_call(p, n, str_sub(p->text, pos, word.end - pos)) : NULL;
            }
            p->tok = word;
        }
        break;
    case TOK_END:
        return problem(p, p->tok.pos, p->text.n ? "公式到这里就断了，还缺一部分。" : "公式是空的。",
                       p->text.n ? "The expression ends here, but something is missing."
                                 : "The expression is empty.");
    case TOK_ERROR: break;
    }
    return unexpected(p, "这里应当是一个值、字段或函数。",
                      "A value, field or function is expected here.");
}

/* Appends y to an AND, OR or & node instead of nesting. */
static struct node *chain(struct parser *p, struct node *x, struct node *y)
{
    if ((x->nargs & (x->nargs - 1)) == 0) {
        x->args =
            arena_grow(p->a, x->args, x->nargs * sizeof(*x->args), 2 * x->nargs * sizeof(*x->args));
    }
    x->args[x->nargs++] = y;
    x->end = y->end;
    return x;
}

static struct node *join(struct parser *p, enum op op, struct node *x, struct node *y)
{
    bool flat = op == OP_AND || op == OP_OR || op == OP_CAT;
    if (flat && x->kind == N_OP && x->op == op && !(x->flags & NF_PAREN)) {
        return chain(p, x, y);
    }
    return op_node(p, op, x, y);
}

/* The right side: `^` may be followed by a sign, which binds only to what comes next. */
static struct node *parse_right(struct parser *p, enum op op)
{
    if (op == OP_POW && p->tok.kind == TOK_OP && (p->tok.op == OP_SUB || p->tok.op == OP_ADD)) {
        return prefix_op(p, p->tok.op == OP_SUB ? OP_NEG : OP_ADD, BIND_POW + 1);
    }
    return parse_expr(p, binding[op] + 1);
}

/* x NOT IN y: the word stands before the operator. */
static bool not_in(struct parser *p, int min)
{
    if (p->tok.kind != TOK_OP || p->tok.op != OP_NOT || min > BIND_COMPARE) {
        return false;
    }
    size_t pos = p->pos;
    struct token t = fx_lex(p->text, &pos);
    if (t.kind != TOK_OP || (t.op != OP_IN && t.op != OP_CONTAINS)) {
        return false;
    }
    next(p);
    return true;
}

static struct node *parse_infix(struct parser *p, struct node *x, int min)
{
    bool negate = not_in(p, min);
    enum op op = (enum op)p->tok.op;
    next(p);
    if (op == OP_PCT) {
        struct node *n = op_node(p, op, x, NULL);
        return n;
    }
    struct node *y = parse_right(p, op);
    if (y == NULL) {
        return NULL;
    }
    if (binding[op] == BIND_COMPARE && p->tok.kind == TOK_OP &&
        binding[p->tok.op] == BIND_COMPARE) {
        return problem(p, p->tok.pos, "比较不能连写，请用 AND 连接，如 1 < x AND x < 5。",
                       "Comparisons cannot be chained; join them with AND: 1 < x AND x < 5.");
    }
    x = join(p, op, x, y);
    return x != NULL && negate ? op_node(p, OP_NOT, x, NULL) : x;
}

static struct node *parse_expr(struct parser *p, int min)
{
    struct node *x = parse_primary(p);
    while (x != NULL) {
        bool op = p->tok.kind == TOK_OP;
        if (op && p->tok.op == OP_NOT) {
            size_t pos = p->pos;
            struct token t = fx_lex(p->text, &pos);
            op = min <= BIND_COMPARE && t.kind == TOK_OP && (t.op == OP_IN || t.op == OP_CONTAINS);
        } else {
            op = op && binding[p->tok.op] >= min;
        }
        if (!op) {
            return x;
        }
        x = parse_infix(p, x, min);
    }
    return NULL;
}

struct node *fx_parse(struct parser *p)
{
    next(p);
    struct node *n = parse_expr(p, 1);
    if (n == NULL) {
        return NULL;
    }
    if (p->tok.kind != TOK_END) {
        return unexpected(p, "公式在这里本应结束；是不是少了运算符或逗号？",
                          "The expression should end here; is an operator or comma missing?");
    }
    return n;
}
