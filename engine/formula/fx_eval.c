/*
 * Evaluation: one small function per kind of node, called through the node.  Numbers have a second
 * way that passes doubles in registers, so arithmetic allocates nothing and boxes once at the end.
 * An operation that fails is blank, is counted (IFERROR) and explained (reasons); evaluation goes
 * on.
 */
#include "engine/formula/fx_int.h"

#include "engine/base/civil.h"
#include "engine/base/id.h"
#include "engine/formula/fx_math.h"
#include "engine/value/num.h"

#define EVAL(r, n) ((n)->eval((r), (n)))

static const double pow10_of[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

/* ---- errors and budget ---- */

#ifdef __wasm__
struct val fx_fail_(struct run *r)
{
    r->errors++;
    return VAL_NONE;
}
#else
struct val fx_fail_(struct run *r, const struct node *n, const char *zh, const char *en)
{
    r->errors++;
    if (r->env->reasons != NULL) {
        struct diag d = {.level = DIAG_WARN,
                         .key = STR("formula"),
                         .zh = str_of(zh),
                         .en = str_of(en),
                         .pos = fx_pos(r->fx->text, r->fx->at, n->pos)};
        vec_push(r->env->reasons->a, &r->env->reasons->list, d);
    }
    return VAL_NONE;
}
#endif

bool fx_steps(struct run *r, size_t n)
{
    if (n > FX_MAX_STEPS - MIN(r->env->steps, FX_MAX_STEPS)) {
        r->env->steps = FX_MAX_STEPS;
        r->env->limit = true;
        return false;
    }
    r->env->steps += (uint32_t)n;
    return !r->env->failed;
}

struct val fx_num_result(struct run *r, const struct node *n, double x)
{
    if (x - x != 0) {
        return fx_fail(r, n, "结果不是有效的数值。", "The result is not a valid number.");
    }
    return (struct val){.kind = VAL_NUM, .num = x == 0 ? 0 : x};
}

struct val fx_text_result(struct run *r, const struct node *n, struct str s)
{
    if (s.n > FX_MAX_RESULT) {
        return fx_fail(r, n, "文本太长（超过 65536 字节）。",
                       "The text is too long (over 65,536 bytes).");
    }
    return val_text(s);
}

/* ---- conversions ---- */

double fx_to_num_(const struct val *v)
{
    if (v->kind == VAL_NUM) {
        return v->num;
    }
    return v->kind == VAL_DEC ? (double)v->i / pow10_of[v->scale] : 0;
}

struct str fx_to_str_(const struct val *v)
{
    return v->kind == VAL_TEXT ? (struct str){v->text, v->n} : STR_NONE;
}

bool fx_arg_true(struct run *r, const struct node *n, size_t i)
{
    struct val v = fx_arg(r, n, i);
    return fx_to_bool(v);
}

static const struct zone *zone_of(const struct run *r)
{
    return r->env->zone != NULL ? r->env->zone : &zone_utc;
}

int64_t fx_midnight(struct run *r, int64_t day)
{
    struct civil c;
    civil_of_days(day, &c);
    return civil_us(&c, zone_of(r));
}

int64_t fx_day_(struct run *r, const struct val *v)
{
    return v->kind == VAL_INSTANT ? civil_day_of_us(v->i, zone_of(r)) : v->i;
}

void fx_local_(struct run *r, const struct val *v, struct civil *out)
{
    if (v->kind == VAL_INSTANT) {
        civil_of_us(v->i, zone_of(r), out);
        return;
    }
    civil_of_days(v->kind == VAL_DATE ? v->i : 0, out);
    if (v->kind == VAL_TIME) {
        out->hour = (int)(v->i / 3600);
        out->minute = (int)(v->i / 60 % 60);
        out->second = (int)(v->i % 60);
    }
}

/* RFC 3339 in the zone: with its offset, Z when there is none. */
static struct str instant_text(struct run *r, int64_t us)
{
    char buf[40];
    int32_t off = zone_offset_s(zone_of(r), us);
    struct str local = civil_print_instant(us + off * US_PER_S, buf);
    if (off == 0 || local.n == 0) {
        return str_dup(r->env->a, local);
    }
    int32_t m = (off < 0 ? -off : off) / 60;
    return str_fmt(r->env->a, "%.*s%c%d%d:%d%d", (int)local.n - 1, local.p, off < 0 ? '-' : '+',
                   m / 600, m / 60 % 10, m % 60 / 10, m % 10);
}

struct str fx_to_text_(struct run *r, const struct val *v)
{
    char buf[40];
    switch ((enum val_kind)v->kind) {
    case VAL_TEXT: return (struct str){v->text, v->n};
    case VAL_NUM:
    case VAL_DEC: return str_dup(r->env->a, num_print(fx_to_num(*v), buf));
    case VAL_BOOL: return v->b ? STR("TRUE") : STR("FALSE");
    case VAL_DATE: return str_dup(r->env->a, civil_print_date(v->i, buf));
    case VAL_TIME: return str_dup(r->env->a, civil_print_time(v->i, buf));
    case VAL_INSTANT: return instant_text(r, v->i);
    case VAL_REF: return v->ref->title;
    case VAL_OBJ: {
        struct val title = val_get(*v, STR("title"));
        return fx_to_str(title);
    }
    case VAL_BLANK:
    case VAL_LIST:
    case VAL_ABSENT: break;
    }
    return STR_NONE;
}

/* ---- comparing ---- */

static int order_num(double x, double y)
{
    return x < y ? -1 : x > y;
}

static int order_int(int64_t x, int64_t y)
{
    return x < y ? -1 : x > y;
}

/* The id of a reference or of the text of an id. */
static int64_t id_of(const struct val *v)
{
    int64_t id = -1;
    if (v->kind == VAL_REF) {
        return v->ref->id;
    }
    return v->kind == VAL_TEXT && id_parse((struct str){v->text, v->n}, &id) ? id : -1;
}

#ifndef __wasm__
/* Linked records given as plain JSON: their ids are texts of any form. */
static struct str id_text(const struct val *v, char buf[16])
{
    if (v->kind == VAL_OBJ) {
        struct val id = val_get(*v, STR("id"));
        return fx_to_str(id);
    }
    return v->kind == VAL_REF ? id_print(v->ref->id, buf) : fx_to_str(*v);
}
#endif

int fx_order_(struct run *r, const struct val *x, const struct val *y)
{
    if (fx_is_num(*x) && fx_is_num(*y)) {
        return order_num(fx_to_num(*x), fx_to_num(*y));
    }
    if (x->kind == VAL_TEXT && y->kind == VAL_TEXT) {
        return str_cmp((struct str){x->text, x->n}, (struct str){y->text, y->n});
    }
#ifndef __wasm__
    if (x->kind == VAL_OBJ || y->kind == VAL_OBJ) {
        char xbuf[16];
        char ybuf[16];
        return str_cmp(id_text(x, xbuf), id_text(y, ybuf));
    }
#endif
    if (x->kind == VAL_REF || y->kind == VAL_REF) {
        return order_int(id_of(x), id_of(y));
    }
    if (x->kind == VAL_BOOL && y->kind == VAL_BOOL) {
        return order_int(x->b, y->b);
    }
    if (x->kind == VAL_DATE && y->kind == VAL_INSTANT) {
        return order_int(fx_midnight(r, x->i), y->i);
    }
    if (x->kind == VAL_INSTANT && y->kind == VAL_DATE) {
        return order_int(x->i, fx_midnight(r, y->i));
    }
    if (x->kind == y->kind &&
        (x->kind == VAL_DATE || x->kind == VAL_TIME || x->kind == VAL_INSTANT)) {
        return order_int(x->i, y->i);
    }
    return order_int(x->kind, y->kind);
}

bool fx_equal_(struct run *r, const struct val *x, const struct val *y)
{
    if (fx_blank(*x) || fx_blank(*y)) {
        return fx_blank(*x) && fx_blank(*y);
    }
    return fx_order_(r, x, y) == 0;
}

/* ---- leaves ---- */

struct val fx_eval_const(struct run *r, const struct node *n)
{
    (void)r;
    return n->k;
}

struct val fx_eval_ref(struct run *r, const struct node *n)
{
    struct fx_env *env = r->env;
    struct val v = VAL_NONE;
    if (n->ref->root == FX_VAR && env->vars != NULL) {
        return env->vars[n->ref->var];
    }
    if (env->failed || env->get == NULL) {
        return VAL_NONE;
    }
    if (env->get(env, n->ref, &v) != 0) {
        env->failed = true;
        return VAL_NONE;
    }
    return fx_blank(v) ? VAL_NONE : v;
}

struct val fx_eval_slot(struct run *r, const struct node *n)
{
    if (r->row != NULL) {
        struct val v = r->row[n->slot];
        if (v.kind != VAL_ABSENT) {
            return v;
        }
    }
    return fx_eval_ref(r, n);
}

struct val fx_eval_list(struct run *r, const struct node *n)
{
    struct val *items = ARENA_ARRAY(r->env->a, struct val, n->nargs);
    for (uint32_t i = 0; i < n->nargs; i++) {
        items[i] = fx_arg(r, n, i);
    }
    return val_list(items, n->nargs);
}

struct val fx_eval_stored(struct run *r, const struct node *n)
{
    struct val v = VAL_NONE;
    struct fx_env *env = r->env;
    if (env->failed || !fx_steps(r, 10)) {
        return VAL_NONE;
    }
    if (env->stored == NULL) {
        return fx_fail(r, n, "这里读不到其他表单的数据。",
                       "Rows of other forms cannot be read here.");
    }
    if (env->stored(env, n->call, &v) != 0) {
        env->failed = true;
        return VAL_NONE;
    }
    return fx_blank(v) ? VAL_NONE : v;
}

/* How much work one argument is: bytes of a text, items of a list. */
static size_t weight(struct val v)
{
    if (v.kind == VAL_TEXT) {
        return v.n / 64;
    }
    return v.kind == VAL_LIST ? v.n : 0;
}

struct val fx_eval_call(struct run *r, const struct node *n)
{
    struct val few[6];
    struct val *args = few;
    size_t work = 1 + n->nargs;
    if (n->nargs > ARRAY_LEN(few)) {
        args = ARENA_ARRAY(r->env->a, struct val, n->nargs);
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        args[i] = fx_arg(r, n, i);
        work += weight(args[i]);
    }
    return fx_steps(r, work) ? n->fn->call(r, n, args) : VAL_NONE;
}

/* ---- arithmetic ---- */

/*
 * What an operator makes of numbers, or of a name or constant: not finite when it failed, NaN where
 * that was said already. Who uses it as a number says the rest and goes on with 0, for a failed
 * operation is blank and blank is 0.
 */
static double sound(struct run *r, const struct node *n, double x)
{
    if (x - x != 0) {
        if (x == x) {
            (void)fx_num_result(r, n, x);
        }
        return 0;
    }
    return x;
}

double fx_num_any(struct run *r, const struct node *n)
{
    struct val v = EVAL(r, n);
    return fx_to_num(v);
}

double fx_num_slot(struct run *r, const struct node *n)
{
    if (r->row != NULL && r->row[n->slot].kind != VAL_ABSENT) {
        return fx_to_num(r->row[n->slot]);
    }
    return fx_num_any(r, n);
}

static double num_const(struct run *r, const struct node *n)
{
    (void)r;
    return n->k.num;
}

/* The names of a record and constants are most of the operands: read without a call, also where
 * the compiler goes for size. */
__attribute__((always_inline)) static inline double operand(struct run *r, const struct node *n)
{
    if (n->num == fx_num_slot && r->row != NULL && r->row[n->slot].kind == VAL_NUM) {
        return r->row[n->slot].num;
    }
    return n->num == num_const ? n->k.num : sound(r, n, n->num(r, n));
}

double fx_num(struct run *r, const struct node *n)
{
    return operand(r, n);
}

#define LEFT  operand(r, n->args[0])
#define RIGHT operand(r, n->args[1])

static double num_add(struct run *r, const struct node *n)
{
    double x = LEFT;
    return x + RIGHT;
}

static double num_sub(struct run *r, const struct node *n)
{
    double x = LEFT;
    return x - RIGHT;
}

static double num_mul(struct run *r, const struct node *n)
{
    double x = LEFT;
    return x * RIGHT;
}

static double num_div(struct run *r, const struct node *n)
{
    double x = fx_num(r, n->args[0]);
    double y = fx_num(r, n->args[1]);
    if (y == 0) {
        (void)fx_fail(r, n, "除数是 0。", "Division by zero.");
        return __builtin_nan("");
    }
    return x / y;
}

static double num_neg(struct run *r, const struct node *n)
{
    return -fx_num(r, n->args[0]);
}

static double num_pct(struct run *r, const struct node *n)
{
    return fx_num(r, n->args[0]) / 100;
}

static struct val eval_arith(struct run *r, const struct node *n)
{
    double x = n->num(r, n);
    return x == x ? fx_num_result(r, n, x) : VAL_NONE;
}

static struct val eval_pow(struct run *r, const struct node *n)
{
    double x = fx_num(r, n->args[0]);
    double y = fx_num(r, n->args[1]);
    if (x == 0 && y <= 0) {
        return fx_fail(r, n, "0 不能作 0 次或负数次方。",
                       "0 cannot be raised to 0 or a negative power.");
    }
    return fx_num_result(r, n, fx_pow(x, y));
}

/* ---- dates ---- */

static struct val day_result(struct run *r, const struct node *n, bool instant, int64_t x)
{
    int64_t day = instant ? x / US_PER_DAY - (x % US_PER_DAY < 0) : x;
    if (day < CIVIL_MIN_DAY || day > CIVIL_MAX_DAY) {
        return fx_fail(r, n, "日期超出 0001 年到 9999 年。",
                       "The date is outside the years 1 to 9999.");
    }
    return instant ? val_instant(x) : val_date(x);
}

/* date ± days: a date moves by whole days (floor), a datetime by parts of days too. */
static struct val eval_move(struct run *r, const struct node *n)
{
    bool left = n->args[0]->type.base == FX_DATE || n->args[0]->type.base == FX_DATETIME;
    struct val v = fx_arg(r, n, left ? 0 : 1);
    double by = fx_num(r, n->args[left ? 1 : 0]);
    if (fx_blank(v)) {
        return VAL_NONE;
    }
    by = n->op == OP_SUB ? -by : by;
    bool instant = v.kind == VAL_INSTANT;
    if (!(by > -1e7 && by < 1e7)) {
        return day_result(r, n, false, INT64_MAX);
    }
    by = instant ? num_round(by * (double)US_PER_DAY, 0) : fx_floor(by);
    return day_result(r, n, instant, v.i + (int64_t)by);
}

static struct val eval_between(struct run *r, const struct node *n)
{
    struct val x = fx_arg(r, n, 0);
    struct val y = fx_arg(r, n, 1);
    if (fx_blank(x) || fx_blank(y)) {
        return VAL_NONE;
    }
    if (x.kind == VAL_DATE && y.kind == VAL_DATE) {
        return val_num((double)(x.i - y.i));
    }
    int64_t a = x.kind == VAL_DATE ? fx_midnight(r, x.i) : x.i;
    int64_t b = y.kind == VAL_DATE ? fx_midnight(r, y.i) : y.i;
    return val_num((double)(a - b) / (double)US_PER_DAY);
}

/* ---- logic and comparison ---- */

struct val fx_eval_and(struct run *r, const struct node *n)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (!fx_arg_true(r, n, i)) {
            return val_bool(false);
        }
    }
    return val_bool(true);
}

struct val fx_eval_or(struct run *r, const struct node *n)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (fx_arg_true(r, n, i)) {
            return val_bool(true);
        }
    }
    return val_bool(false);
}

struct val fx_eval_not(struct run *r, const struct node *n)
{
    return val_bool(!fx_arg_true(r, n, 0));
}

static struct val eval_eq(struct run *r, const struct node *n)
{
    struct val x = fx_arg(r, n, 0);
    struct val y = fx_arg(r, n, 1);
    return val_bool(fx_equal(r, x, y) == (n->op == OP_EQ));
}

static struct val eval_order(struct run *r, const struct node *n)
{
    struct val x = fx_arg(r, n, 0);
    struct val y = fx_arg(r, n, 1);
    if (fx_blank(x) || fx_blank(y)) {
        return val_bool(false);
    }
    return val_bool(fx_holds((enum op)n->op, fx_order(r, x, y)));
}

/* Blank is in no list: a record without a channel is nobody's, whatever a list of channels holds.
 */
static bool in_list(struct run *r, struct val item, struct val list)
{
    if (list.kind != VAL_LIST || fx_blank(item) || !fx_steps(r, list.n)) {
        return false;
    }
    for (uint32_t i = 0; i < list.n; i++) {
        if (fx_equal(r, item, list.list[i])) {
            return true;
        }
    }
    return false;
}

static struct val eval_in(struct run *r, const struct node *n)
{
    struct val item = fx_arg(r, n, 0);
    return val_bool(in_list(r, item, fx_arg(r, n, 1)));
}

static struct val eval_contains(struct run *r, const struct node *n)
{
    struct val whole = fx_arg(r, n, 0);
    struct val part = fx_arg(r, n, 1);
    if (n->args[0]->type.list) {
        return val_bool(in_list(r, part, whole));
    }
    return val_bool(str_find(fx_to_str(whole), fx_to_str(part), 0) >= 0);
}

static struct val eval_cat(struct run *r, const struct node *n)
{
    struct strb out;
    strb_init(&out, r->env->a);
    for (uint32_t i = 0; i < n->nargs; i++) {
        struct val v = fx_arg(r, n, i);
        strb_add(&out, fx_to_text(r, v));
        if (out.n > FX_MAX_RESULT) {
            break;
        }
    }
    if (!fx_steps(r, 1 + out.n / 64)) {
        return VAL_NONE;
    }
    return fx_text_result(r, n, strb_str(&out));
}

/* ---- binding ---- */

struct op_row {
    node_fn *eval;
    num_fn *num;
};

static const struct op_row op_rows[] = {[OP_OR] = {fx_eval_or, fx_num_any},
                                        [OP_AND] = {fx_eval_and, fx_num_any},
                                        [OP_NOT] = {fx_eval_not, fx_num_any},
                                        [OP_EQ] = {eval_eq, fx_num_any},
                                        [OP_NE] = {eval_eq, fx_num_any},
                                        [OP_LT] = {eval_order, fx_num_any},
                                        [OP_LE] = {eval_order, fx_num_any},
                                        [OP_GT] = {eval_order, fx_num_any},
                                        [OP_GE] = {eval_order, fx_num_any},
                                        [OP_IN] = {eval_in, fx_num_any},
                                        [OP_CONTAINS] = {eval_contains, fx_num_any},
                                        [OP_CAT] = {eval_cat, fx_num_any},
                                        [OP_ADD] = {eval_arith, num_add},
                                        [OP_SUB] = {eval_arith, num_sub},
                                        [OP_MUL] = {eval_arith, num_mul},
                                        [OP_DIV] = {eval_arith, num_div},
                                        [OP_NEG] = {eval_arith, num_neg},
                                        [OP_PCT] = {eval_arith, num_pct},
                                        [OP_POW] = {eval_pow, fx_num_any}};

void fx_bind_op(struct node *n)
{
    n->eval = op_rows[n->op].eval;
    n->num = op_rows[n->op].num;
    if (n->op != OP_ADD && n->op != OP_SUB) {
        return;
    }
    if (n->type.base == FX_DATE || n->type.base == FX_DATETIME) {
        n->eval = eval_move;
        n->num = fx_num_any;
    } else if (n->args[0]->type.base == FX_DATE || n->args[0]->type.base == FX_DATETIME) {
        n->eval = eval_between;
        n->num = fx_num_any;
    }
}

void fx_bind_const(struct node *n, struct val v)
{
    n->kind = N_CONST;
    n->k = v;
    n->nargs = 0;
    n->args = NULL;
    n->eval = fx_eval_const;
    n->num = v.kind == VAL_NUM ? num_const : fx_num_any;
    n->flags = (uint8_t)((n->flags & NF_PAREN) | (fx_blank(v) ? 0 : NF_KNOWN));
}

/* Replaces a node whose arguments are all constant by its value, unless computing it fails. */
void fx_fold(struct checker *c, struct node *n)
{
    if (c->failed || (n->flags & (NF_ROW | NF_ENV | NF_AGG)) || n->eval == NULL) {
        return;
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (n->args[i]->kind != N_CONST) {
            return;
        }
    }
    struct fx_env env = {.a = c->a};
    struct run run = {.env = &env, .fx = c->fx};
    struct val v = n->eval(&run, n);
    if (run.errors == 0 && !env.limit && !env.failed) {
        fx_bind_const(n, v);
    }
}

/* ---- public ---- */

struct val fx_eval(const struct fx *fx, struct fx_env *env)
{
    struct run r = {.row = env->row, .env = env, .fx = fx};
    struct val v = fx->root->eval(&r, fx->root);
    if (env->limit || env->failed || fx_blank(v)) {
        return VAL_NONE;
    }
    return v;
}

double fx_number(const struct fx *fx, struct fx_env *env)
{
    struct run r = {.row = env->row, .env = env, .fx = fx};
    if (fx->root->eval == eval_arith) {
        double x = fx->root->num(&r, fx->root);
        return x - x == 0 && !env->limit && !env->failed ? x : __builtin_nan("");
    }
    struct val v = fx_eval(fx, env);
    return fx_is_num(v) ? fx_to_num(v) : __builtin_nan("");
}

bool fx_true(const struct fx *fx, struct fx_env *env)
{
    struct val v = fx_eval(fx, env);
    return fx_to_bool(v);
}
