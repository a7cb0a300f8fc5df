/*
 * fx('ROUND', 'nn', x, 2): a function or operator of the language evaluated inside SQLite, by the
 * same C as everywhere. The types say what the bare SQL values are: n number t text b boolean d
 * date i datetime m time r reference x blank, upper case for lists (packed texts). '@' before them:
 * an extra first argument holds the zone and the calendar.  fx_err() tells whether it failed.
 */
#include "engine/formula/fx_sqlfn.h"

#include "engine/formula/fx_calendar.h"
#include "engine/formula/fx_sql_int.h"
#include "engine/value/num.h"

/* ---- packed lists: items of letter, length, ':', content ---- */

static void pack_raw(struct strb *out, char letter, struct str content)
{
    strb_addc(out, letter);
    strb_addi(out, (int64_t)content.n);
    strb_addc(out, ':');
    strb_add(out, content);
}

static void pack_item(struct strb *out, struct val v)
{
    char buf[40];
    struct strb tmp;
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL: pack_raw(out, 'b', v.b ? STR("1") : STR("0")); return;
    case VAL_NUM: pack_raw(out, 'n', num_print_exact(v.num, buf)); return;
    case VAL_TEXT: pack_raw(out, 't', (struct str){v.text, v.n}); return;
    case VAL_DEC:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT:
    case VAL_REF: break;
    case VAL_BLANK:
    case VAL_LIST:
    case VAL_OBJ:
    case VAL_ABSENT: pack_raw(out, 'x', STR_NONE); return;
    }
    strb_init(&tmp, out->a);
    strb_addi(&tmp, v.kind == VAL_REF ? v.ref->id : v.i);
    char letter = v.kind == VAL_DATE   ? 'd'
                  : v.kind == VAL_TIME ? 'm'
                  : v.kind == VAL_REF  ? 'r'
                  : v.kind == VAL_DEC  ? (char)('A' + v.scale)
                                       : 'i';
    pack_raw(out, letter, strb_str(&tmp));
}

struct str fxs_pack(struct arena *a, struct val list)
{
    struct strb out;
    strb_init(&out, a);
    for (uint32_t i = 0; list.kind == VAL_LIST && i < list.n; i++) {
        pack_item(&out, list.list[i]);
    }
    return strb_str(&out);
}

static bool digits(struct str *s, int64_t *out)
{
    struct str head;
    *s = str_cut(*s, ':', &head);
    return str_int(head, 0, FX_MAX_TEXT * 1024, out);
}

static struct val unpack_item(struct arena *a, char letter, struct str content)
{
    double x = 0;
    int64_t i = 0;
    bool whole = str_int(content, INT64_MIN, INT64_MAX, &i);
    switch (letter) {
    case 'b': return val_bool(i != 0);
    case 'n': return num_parse(content, &x) ? val_num(x) : VAL_NONE;
    case 't': return val_text(content);
    case 'd': return whole ? val_date(i) : VAL_NONE;
    case 'm': return whole ? val_time(i) : VAL_NONE;
    case 'i': return whole ? val_instant(i) : VAL_NONE;
    case 'r': return whole ? val_ref(a, i, STR_NONE) : VAL_NONE;
    default: break;
    }
    return letter >= 'A' && letter <= 'M' && whole ? val_dec(i, (unsigned)(letter - 'A'))
                                                   : VAL_NONE;
}

static struct val unpack(struct arena *a, struct str s)
{
    VEC(struct val) items = {0};
    while (s.n > 0) {
        int64_t len;
        char letter = s.p[0];
        struct str rest = str_sub(s, 1, s.n);
        if (!digits(&rest, &len) || (size_t)len > rest.n) {
            break;
        }
        vec_push(a, &items, unpack_item(a, letter, str_sub(rest, 0, (size_t)len)));
        s = str_sub(rest, (size_t)len, rest.n);
    }
    return val_list(items.v, items.n);
}

/* ---- zone and calendar ---- */

static void add_days(struct strb *out, const int32_t *days, size_t n)
{
    strb_addc(out, '#');
    for (size_t i = 0; i < n; i++) {
        strb_addi(out, days[i]);
        strb_addc(out, ';');
    }
}

/* "at:offset;at:offset;" then, with a calendar, "#week#holiday;#make-up;" */
struct str fxs_zone_text(struct arena *a, const struct zone *zone, const struct fx_calendar *c)
{
    struct strb out;
    strb_init(&out, a);
    zone = zone != NULL ? zone : &zone_utc;
    for (size_t i = 0; i < zone->n; i++) {
        strb_addi(&out, zone->at_us[i]);
        strb_addc(&out, ':');
        strb_addi(&out, zone->offset_s[i]);
        strb_addc(&out, ';');
    }
    if (c != NULL) {
        strb_addc(&out, '#');
        strb_addi(&out, c->week);
        add_days(&out, c->holidays, c->nholidays);
        add_days(&out, c->make_up, c->nmake_up);
    }
    return strb_str(&out);
}

static size_t count_char(struct str s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == c;
    }
    return n;
}

static void read_zone(struct arena *a, struct str s, struct zone *out)
{
    size_t n = count_char(s, ';');
    int64_t *at = ARENA_ARRAY(a, int64_t, n + 1);
    int32_t *offset = ARENA_ARRAY(a, int32_t, n + 1);
    *out = (struct zone){.n = n, .at_us = at, .offset_s = offset};
    for (size_t i = 0; i < n; i++) {
        struct str item;
        struct str first;
        int64_t x = 0;
        s = str_cut(s, ';', &item);
        struct str second = str_cut(item, ':', &first);
        (void)str_int(first, INT64_MIN, INT64_MAX, &at[i]);
        (void)str_int(second, -90000, 90000, &x);
        offset[i] = (int32_t)x;
    }
    if (n == 0) {
        *out = zone_utc;
    }
}

static const int32_t *read_days(struct arena *a, struct str s, size_t *n)
{
    *n = count_char(s, ';');
    int32_t *days = ARENA_ARRAY(a, int32_t, *n);
    for (size_t i = 0; i < *n; i++) {
        struct str item;
        int64_t x = 0;
        s = str_cut(s, ';', &item);
        (void)str_int(item, INT32_MIN, INT32_MAX, &x);
        days[i] = (int32_t)x;
    }
    return days;
}

static const struct fx_calendar *read_calendar(struct arena *a, struct str s)
{
    struct str week;
    struct str holidays;
    int64_t bits = 31;
    if (s.n == 0) {
        return NULL;
    }
    struct fx_calendar *c = ARENA_NEW(a, struct fx_calendar);
    s = str_cut(s, '#', &week);
    s = str_cut(s, '#', &holidays);
    (void)str_int(week, 0, 127, &bits);
    c->week = (uint8_t)bits;
    c->holidays = read_days(a, holidays, &c->nholidays);
    c->make_up = read_days(a, s, &c->nmake_up);
    return c;
}

/* ---- fx() ---- */

struct typed {
    char letter;
    enum fx_base base;
};

static const struct typed types[] = {{'x', FX_BLANK}, {'b', FX_BOOL}, {'n', FX_NUM},
                                     {'t', FX_TEXT},  {'d', FX_DATE}, {'i', FX_DATETIME},
                                     {'m', FX_TIME},  {'r', FX_LINK}};

static struct fx_type type_of(char letter)
{
    struct fx_type t = {.base = FX_BLANK, .list = letter >= 'A' && letter <= 'Z'};
    char small = t.list ? (char)(letter + 32) : letter;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].letter == small) {
            t.base = (uint8_t)types[i].base;
        }
    }
    return t;
}

/* A bare SQL value as the value of its type. */
struct val fxs_typed(struct arena *a, char letter, struct val v)
{
    if (fx_blank(v)) {
        return VAL_NONE;
    }
    if (letter >= 'A' && letter <= 'Z') {
        return unpack(a, fx_to_str(v));
    }
    switch (letter) {
    case 'b': return val_bool(fx_to_num(v) != 0);
    case 'n': return val_num(fx_to_num(v));
    case 'd': return val_date(v.i);
    case 'i': return val_instant(v.i);
    case 'm': return val_time(v.i);
    case 'r': return val_ref(a, v.i, STR_NONE);
    default: return v;
    }
}

static enum op op_of(struct str name, size_t nargs)
{
    for (int op = OP_EQ; op <= OP_POW; op++) {
        bool unary = op == OP_NEG || op == OP_PCT;
        if (unary == (nargs == 1 && op != OP_CAT) && str_eqz(name, fx_op_name((enum op)op))) {
            return (enum op)op;
        }
    }
    return OP_NONE;
}

/* The node as the checker would have left it. */
static bool make_node(struct arena *a, struct str name, struct str letters, const struct val *args,
                      struct node *n)
{
    n->nargs = (uint32_t)letters.n;
    n->args = ARENA_ARRAY(a, struct node *, letters.n);
    for (size_t i = 0; i < letters.n; i++) {
        struct node *x = ARENA_NEW(a, struct node);
        x->type = type_of(letters.p[i]);
        fx_bind_const(x, fxs_typed(a, letters.p[i], args[i]));
        n->args[i] = x;
    }
    if (str_eq(name, STR("[]"))) {
        n->kind = N_LIST;
        n->eval = fx_eval_list;
        return true;
    }
    n->fn = fx_fn_find(name);
    if (n->fn != NULL) {
        n->kind = N_CALL;
        n->eval = fx_eval_call;
        return n->fn->call != NULL;
    }
    n->kind = N_OP;
    n->op = (uint8_t)op_of(name, letters.n);
    n->type.base = FX_NUM;
    if ((n->op == OP_ADD || n->op == OP_SUB) && letters.n == 2) {
        bool x = n->args[0]->type.base == FX_DATE || n->args[0]->type.base == FX_DATETIME;
        bool y = n->args[1]->type.base == FX_DATE || n->args[1]->type.base == FX_DATETIME;
        n->type = x != y ? n->args[x ? 0 : 1]->type : n->type;
    }
    fx_bind_op(n);
    return n->op != OP_NONE;
}

/* The value as SQLite holds it. */
static struct val sql_value(struct arena *a, struct val v)
{
    if (v.kind == VAL_LIST) {
        struct str packed = fxs_pack(a, v);
        return (struct val){.kind = VAL_TEXT, .n = (uint32_t)packed.n, .text = packed.p};
    }
    if (v.kind == VAL_DEC) {
        return val_num(fx_to_num(v));
    }
    if (v.kind == VAL_REF) {
        return val_dec(v.ref->id, 0);
    }
    return fx_blank(v) ? VAL_NONE : v;
}

static struct val evaluate(struct arena *a, const struct val *args, size_t n, uint32_t *errors)
{
    struct node node = {0};
    struct zone zone = zone_utc;
    struct fx_env env = {.a = a, .zone = &zone};
    struct fx fx = {.root = &node};
    struct run run = {.env = &env, .fx = &fx};
    struct str letters = n >= 2 ? fx_to_str(args[1]) : STR_NONE;
    size_t first = 2;
    if (str_starts(letters, STR("@")) && n >= 3) {
        struct str text;
        struct str calendar = str_cut(fx_to_str(args[2]), '#', &text);
        read_zone(a, text, &zone);
        env.calendar = read_calendar(a, calendar);
        letters = str_sub(letters, 1, letters.n);
        first = 3;
    }
    if (n < 2 || letters.n != n - first ||
        !make_node(a, fx_to_str(args[0]), letters, args + first, &node)) {
        *errors = 1;
        return VAL_NONE;
    }
    struct val v = node.eval(&run, &node);
    *errors = run.errors;
    return env.limit ? VAL_NONE : v;
}

static struct val sql_fx(struct arena *a, const struct val *args, size_t n)
{
    uint32_t errors;
    return sql_value(a, evaluate(a, args, n, &errors));
}

static struct val sql_fx_err(struct arena *a, const struct val *args, size_t n)
{
    uint32_t errors;
    (void)evaluate(a, args, n, &errors);
    return val_bool(errors != 0);
}

/* ---- aggregates ---- */

struct packing {
    struct strb out;
    bool begun;
};

/* fx_pack(letter, scale, v) */
static void pack_step(void *state, struct arena *a, const struct val *args, size_t n)
{
    struct packing *p = state;
    if (!p->begun) {
        strb_init(&p->out, a);
        p->begun = true;
    }
    if (n != 3 || p->out.n > FX_MAX_RESULT * 64) {
        return;
    }
    struct str letter = fx_to_str(args[0]);
    struct val v = fxs_typed(a, letter.n ? letter.p[0] : 'x', args[2]);
    if (args[1].i > 0 && args[1].i <= 12 && args[2].kind == VAL_DEC) {
        v = val_dec(args[2].i, (unsigned)args[1].i);
    }
    pack_item(&p->out, v);
}

static struct val pack_final(void *state, struct arena *a)
{
    struct packing *p = state;
    (void)a;
    return p->begun ? val_text(strb_str(&p->out)) : VAL_NONE;
}

static void sum_step(void *state, struct arena *a, const struct val *args, size_t n)
{
    (void)a;
    if (n == 1 && fx_is_num(args[0])) {
        num_sum_add(state, fx_to_num(args[0]));
    }
}

static struct val sum_final(void *state, struct arena *a)
{
    (void)a;
    return val_num(num_sum_get(state));
}

static const struct sql_func functions[] = {{.name = "fx", .call = sql_fx},
                                            {.name = "fx_err", .call = sql_fx_err},
                                            {.name = "fx_pack",
                                             .state_bytes = sizeof(struct packing),
                                             .step = pack_step,
                                             .final = pack_final},
                                            {.name = "fx_gather",
                                             .state_bytes = FXS_GATHER_BYTES,
                                             .step = fxs_gather_step,
                                             .final = fxs_gather_final},
                                            {.name = "fx_sum",
                                             .state_bytes = sizeof(struct num_sum),
                                             .step = sum_step,
                                             .final = sum_final}};

const struct sql_func *fx_sql_functions(size_t *n)
{
    *n = ARRAY_LEN(functions);
    return functions;
}
