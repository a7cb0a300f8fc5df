/*
 * Aggregates (lists and single values mixed; blanks are skipped) and lists.
 */
#include "engine/formula/fx_int.h"

#include "engine/formula/fx_math.h"
#include "engine/value/num.h"

/* ---- walking the items of all arguments ---- */

typedef void item_fn(void *arg, struct run *r, struct val v);

/* Calls fn for each item, blanks too. */
static void each(struct run *r, const struct node *n, const struct val *args, item_fn *fn,
                 void *arg)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        if (args[i].kind != VAL_LIST) {
            if (!n->args[i]->type.list) {
                fn(arg, r, args[i]);
            }
            continue;
        }
        for (uint32_t k = 0; k < args[i].n; k++) {
            fn(arg, r, args[i].list[k]);
        }
    }
}

/* Scaled integers add exactly while they fit; doubles add with compensation. */
struct total {
    struct num_sum sum;
    int64_t units;
    unsigned scale;
    size_t count;
};

static void add_units(struct total *t, struct val v)
{
    int64_t units = v.i;
    unsigned scale = MAX(t->scale, v.scale);
    int64_t have = t->units;
    if (num_rescale(v.i, v.scale, scale, &units) && num_rescale(t->units, t->scale, scale, &have) &&
        !__builtin_add_overflow(have, units, &have)) {
        t->units = have;
        t->scale = scale;
        return;
    }
    num_sum_add(&t->sum, fx_to_num(v));
}

static void add_item(void *arg, struct run *r, struct val v)
{
    struct total *t = arg;
    (void)r;
    if (fx_blank(v)) {
        return;
    }
    t->count++;
    if (v.kind == VAL_DEC) {
        add_units(t, v);
    } else {
        num_sum_add(&t->sum, fx_to_num(v));
    }
}

static double total_get(struct total *t)
{
    if (t->units != 0) {
        struct val whole = val_dec(t->units, t->scale);
        num_sum_add(&t->sum, fx_to_num(whole));
    }
    return num_sum_get(&t->sum);
}

static struct val fn_sum(struct run *r, const struct node *n, const struct val *args)
{
    struct total t = {0};
    each(r, n, args, add_item, &t);
    return fx_num_result(r, n, total_get(&t));
}

static struct val fn_average(struct run *r, const struct node *n, const struct val *args)
{
    struct total t = {0};
    each(r, n, args, add_item, &t);
    return t.count ? fx_num_result(r, n, total_get(&t) / (double)t.count) : VAL_NONE;
}

struct extreme {
    struct val best;
    int sign;
};

static void take_extreme(void *arg, struct run *r, struct val v)
{
    struct extreme *e = arg;
    if (!fx_blank(v) && (fx_blank(e->best) || fx_order(r, v, e->best) * e->sign > 0)) {
        e->best = v;
    }
}

static struct val extreme(struct run *r, const struct node *n, const struct val *args, int sign)
{
    struct extreme e = {VAL_NONE, sign};
    each(r, n, args, take_extreme, &e);
    return fx_is_num(e.best) ? val_num(fx_to_num(e.best)) : e.best;
}

static struct val fn_min(struct run *r, const struct node *n, const struct val *args)
{
    return extreme(r, n, args, -1);
}

static struct val fn_max(struct run *r, const struct node *n, const struct val *args)
{
    return extreme(r, n, args, 1);
}

struct counts {
    size_t full;
    size_t blank;
};

static void count_item(void *arg, struct run *r, struct val v)
{
    struct counts *c = arg;
    (void)r;
    if (fx_blank(v)) {
        c->blank++;
    } else {
        c->full++;
    }
}

static struct val fn_count(struct run *r, const struct node *n, const struct val *args)
{
    struct counts c = {0};
    if (n->nargs == 0) {
        return fx_fail(r, n, "COUNT() 只能用在指标和汇总里。",
                       "COUNT() counts rows in metrics and rollups only.");
    }
    each(r, n, args, count_item, &c);
    return val_num((double)c.full);
}

static struct val fn_countblank(struct run *r, const struct node *n, const struct val *args)
{
    struct counts c = {0};
    each(r, n, args, count_item, &c);
    return val_num((double)c.blank);
}

static struct val fn_product(struct run *r, const struct node *n, const struct val *args)
{
    double out = 1;
    size_t count = 0;
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct val *items = args[i].kind == VAL_LIST ? args[i].list : &args[i];
        size_t len = args[i].kind == VAL_LIST ? args[i].n : 1;
        for (size_t k = 0; k < len; k++) {
            if (!fx_blank(items[k])) {
                out *= fx_to_num(items[k]);
                count++;
            }
        }
    }
    return fx_num_result(r, n, count ? out : 0);
}

/* ---- gathering and sorting ---- */

struct items {
    struct val *v;
    size_t n;
};

static void gather_item(void *arg, struct run *r, struct val v)
{
    struct items *out = arg;
    (void)r;
    if (!fx_blank(v)) {
        out->v[out->n++] = v;
    }
}

/* The non-blank items in an array of the arena. */
static struct items gather(struct run *r, const struct node *n, const struct val *args)
{
    size_t room = n->nargs;
    for (uint32_t i = 0; i < n->nargs; i++) {
        room += args[i].kind == VAL_LIST ? args[i].n : 0;
    }
    struct items out = {ARENA_ARRAY(r->env->a, struct val, room), 0};
    each(r, n, args, gather_item, &out);
    return out;
}

/* Stable merge sort (libc's qsort differs between machines on equal keys). */
static void sort(struct run *r, struct val *v, struct val *tmp, size_t n, int sign)
{
    if (n < 2) {
        return;
    }
    size_t mid = n / 2;
    sort(r, v, tmp, mid, sign);
    sort(r, v + mid, tmp, n - mid, sign);
    memcpy(tmp, v, mid * sizeof(*v));
    size_t i = 0;
    size_t j = mid;
    for (size_t k = 0; i < mid; k++) {
        bool right = j < n && fx_order(r, v[j], tmp[i]) * sign < 0;
        v[k] = right ? v[j++] : tmp[i++];
    }
}

static void sort_items(struct run *r, struct items items, int sign)
{
    if (fx_steps(r, items.n * 4)) {
        sort(r, items.v, ARENA_ARRAY(r->env->a, struct val, items.n), items.n, sign);
    }
}

static struct val fn_median(struct run *r, const struct node *n, const struct val *args)
{
    struct items items = gather(r, n, args);
    if (items.n == 0) {
        return VAL_NONE;
    }
    sort_items(r, items, 1);
    double low = fx_to_num(items.v[(items.n - 1) / 2]);
    double high = fx_to_num(items.v[items.n / 2]);
    return fx_num_result(r, n, low == high ? low : (low + high) / 2);
}

static struct val fn_stdev(struct run *r, const struct node *n, const struct val *args)
{
    struct items items = gather(r, n, args);
    struct num_sum sum = {0, 0};
    struct num_sum squares = {0, 0};
    if (items.n < 2) {
        return fx_fail(r, n, "标准差至少要两个数值。",
                       "A standard deviation needs at least two numbers.");
    }
    for (size_t i = 0; i < items.n; i++) {
        num_sum_add(&sum, fx_to_num(items.v[i]));
    }
    double mean = num_sum_get(&sum) / (double)items.n;
    for (size_t i = 0; i < items.n; i++) {
        double d = fx_to_num(items.v[i]) - mean;
        num_sum_add(&squares, d * d);
    }
    return fx_num_result(r, n, fx_sqrt(num_sum_get(&squares) / (double)(items.n - 1)));
}

static struct val nth(struct run *r, const struct node *n, const struct val *args, int sign)
{
    struct node one = *n;
    one.nargs = 1;
    struct items items = gather(r, &one, args);
    double k = fx_ceil(fx_to_num(args[1]));
    if (k < 1 || k > (double)items.n) {
        return fx_fail(r, n, "列表里没有这么多值。", "The list has not that many values.");
    }
    sort_items(r, items, sign);
    return r->env->limit ? VAL_NONE : fx_num_result(r, n, fx_to_num(items.v[(size_t)k - 1]));
}

static struct val fn_large(struct run *r, const struct node *n, const struct val *args)
{
    return nth(r, n, args, -1);
}

static struct val fn_small(struct run *r, const struct node *n, const struct val *args)
{
    return nth(r, n, args, 1);
}

/* RANK(x, list, ascending): 1 + how many come before x. */
static struct val fn_rank(struct run *r, const struct node *n, const struct val *args)
{
    double x = fx_to_num(args[0]);
    bool up = n->nargs > 2 && fx_to_num(args[2]) != 0;
    size_t before = 0;
    bool found = false;
    for (uint32_t i = 0; args[1].kind == VAL_LIST && i < args[1].n; i++) {
        if (fx_blank(args[1].list[i])) {
            continue;
        }
        double y = fx_to_num(args[1].list[i]);
        before += up ? y < x : y > x;
        found = found || y == x;
    }
    return found && !fx_blank(args[0])
               ? val_num((double)before + 1)
               : fx_fail(r, n, "列表里没有这个数值。", "The list does not hold this number.");
}

/* SUMPRODUCT(a, b, …): lists of one length; a blank counts as 0. */
static struct val fn_sumproduct(struct run *r, const struct node *n, const struct val *args)
{
    struct num_sum sum = {0, 0};
    uint32_t len = args[0].kind == VAL_LIST ? args[0].n : 0;
    for (uint32_t i = 1; i < n->nargs; i++) {
        if ((args[i].kind == VAL_LIST ? args[i].n : 0) != len) {
            return fx_fail(r, n, "各个列表的长度不同。", "The lists differ in length.");
        }
    }
    for (uint32_t k = 0; k < len; k++) {
        double x = 1;
        for (uint32_t i = 0; i < n->nargs; i++) {
            x *= fx_to_num(args[i].list[k]);
        }
        num_sum_add(&sum, x);
    }
    return fx_num_result(r, n, num_sum_get(&sum));
}

/* ---- criteria ---- */

struct criterion {
    enum op op;
    struct val value;
};

struct criterion_op {
    const char *text;
    enum op op;
};

static const struct criterion_op criterion_ops[] = {{"<>", OP_NE}, {"<=", OP_LE}, {">=", OP_GE},
                                                    {"<", OP_LT},  {">", OP_GT},  {"=", OP_EQ}};

/* A text that looks like the items of the list. */
static struct val criterion_value(struct str s, enum fx_base base)
{
    double x;
    int64_t i;
    if (base == FX_NUM) {
        return num_parse(s, &x) ? val_num(x) : VAL_NONE;
    }
    if (base == FX_DATE) {
        return civil_parse_date(s, &i) ? val_date(i) : VAL_NONE;
    }
    if (base == FX_TIME) {
        return civil_parse_time(s, &i) ? val_time(i) : VAL_NONE;
    }
    if (base == FX_DATETIME) { /* a date alone stays one: its midnight */
        return civil_parse_instant(s, &i) ? val_instant(i)
               : civil_parse_date(s, &i)  ? val_date(i)
                                          : VAL_NONE;
    }
    if (base == FX_BOOL) {
        return str_ieq(s, STR("true")) || str_ieq(s, STR("false"))
                   ? val_bool(str_ieq(s, STR("true")))
                   : VAL_NONE;
    }
    return val_text(s);
}

enum op fx_criterion(struct val given, enum fx_base base, struct val *value)
{
    enum op found = OP_EQ;
    *value = given;
    if (given.kind != VAL_TEXT) {
        return found;
    }
    struct str s = fx_to_str(given);
    for (size_t i = 0; i < ARRAY_LEN(criterion_ops); i++) {
        struct str op = str_of(criterion_ops[i].text);
        if (str_starts(s, op)) {
            found = criterion_ops[i].op;
            s = str_sub(s, op.n, s.n);
            break;
        }
    }
    *value = criterion_value(s, base);
    return found;
}

static struct criterion criterion_read(const struct node *n, const struct val *args)
{
    struct criterion c;
    c.op = fx_criterion(args[1], (enum fx_base)n->args[0]->type.base, &c.value);
    return c;
}

static bool matches(struct run *r, const struct criterion *c, struct val v)
{
    if (c->op == OP_EQ || c->op == OP_NE) {
        return fx_equal(r, v, c->value) == (c->op == OP_EQ);
    }
    if (fx_blank(v) || fx_blank(c->value) || v.kind == VAL_REF) { /* ids have no order */
        return false;
    }
    return fx_holds(c->op, fx_order(r, v, c->value));
}

/* What matched: how many items, and the total of their partners that are not blank. */
struct matched {
    size_t count;
    struct total total;
};

static struct matched match_items(struct run *r, const struct node *n, const struct val *args)
{
    struct criterion c = criterion_read(n, args);
    struct val partners = n->nargs > 2 ? args[2] : args[0];
    struct matched out = {0};
    for (uint32_t i = 0; args[0].kind == VAL_LIST && i < args[0].n; i++) {
        if (!matches(r, &c, args[0].list[i])) {
            continue;
        }
        out.count++;
        if (partners.kind == VAL_LIST && i < partners.n && fx_is_num(partners.list[i])) {
            add_item(&out.total, r, partners.list[i]);
        }
    }
    return out;
}

static struct val fn_countif(struct run *r, const struct node *n, const struct val *args)
{
    return val_num((double)match_items(r, n, args).count);
}

static struct val fn_sumif(struct run *r, const struct node *n, const struct val *args)
{
    struct matched m = match_items(r, n, args);
    return fx_num_result(r, n, total_get(&m.total));
}

static struct val fn_averageif(struct run *r, const struct node *n, const struct val *args)
{
    struct matched m = match_items(r, n, args);
    return m.total.count ? fx_num_result(r, n, total_get(&m.total) / (double)m.total.count)
                         : VAL_NONE;
}

/* ---- lists ---- */

/* INDEX(list, n): from 1. */
static struct val fn_index(struct run *r, const struct node *n, const struct val *args)
{
    double i = fx_trunc(fx_to_num(args[1]));
    if (args[0].kind != VAL_LIST || i < 1 || i > args[0].n) {
        return fx_fail(r, n, "列表里没有这个位置。", "The list has no such position.");
    }
    struct val v = args[0].list[(size_t)i - 1];
    return fx_blank(v) ? VAL_NONE : v;
}

static struct val fn_first(struct run *r, const struct node *n, const struct val *args)
{
    (void)r;
    (void)n;
    return args[0].kind == VAL_LIST ? args[0].list[0] : VAL_NONE;
}

static struct val fn_last(struct run *r, const struct node *n, const struct val *args)
{
    (void)r;
    (void)n;
    return args[0].kind == VAL_LIST ? args[0].list[args[0].n - 1] : VAL_NONE;
}

/* Keeps the first of equals; blanks go. */
static struct items distinct(struct run *r, struct items items)
{
    struct items out = {items.v, 0};
    for (size_t i = 0; i < items.n; i++) {
        size_t k = 0;
        if (!fx_steps(r, 1 + out.n / 16)) {
            break;
        }
        while (k < out.n && fx_order(r, out.v[k], items.v[i]) != 0) {
            k++;
        }
        if (k == out.n) {
            out.v[out.n++] = items.v[i];
        }
    }
    return out;
}

static struct val fn_unique(struct run *r, const struct node *n, const struct val *args)
{
    struct items items = distinct(r, gather(r, n, args));
    return val_list(items.v, items.n);
}

static struct val fn_countd(struct run *r, const struct node *n, const struct val *args)
{
    return val_num((double)distinct(r, gather(r, n, args)).n);
}

/* SORT(list, descending) */
static struct val fn_sort(struct run *r, const struct node *n, const struct val *args)
{
    struct node one = *n;
    one.nargs = 1;
    struct items items = gather(r, &one, args);
    sort_items(r, items, n->nargs > 1 && fx_to_bool(args[1]) ? -1 : 1);
    return val_list(items.v, items.n);
}

static struct val fn_join(struct run *r, const struct node *n, const struct val *args)
{
    struct strb out;
    struct str sep = n->nargs > 1 ? fx_to_str(args[1]) : STR(",");
    bool first = true;
    strb_init(&out, r->env->a);
    for (uint32_t i = 0; args[0].kind == VAL_LIST && i < args[0].n && out.n <= FX_MAX_RESULT; i++) {
        if (fx_blank(args[0].list[i])) {
            continue;
        }
        if (!first) {
            strb_add(&out, sep);
        }
        first = false;
        strb_add(&out, fx_to_text(r, args[0].list[i]));
    }
    return fx_text_result(r, n, strb_str(&out));
}

static struct val fn_split(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = fx_to_str(args[0]);
    struct str sep = n->nargs > 1 ? fx_to_str(args[1]) : STR(",");
    VEC(struct val) out = {0};
    size_t from = 0;
    if (s.n == 0) {
        return VAL_NONE;
    }
    for (;;) {
        ptrdiff_t at = sep.n ? str_find(s, sep, from) : -1;
        size_t end = at < 0 ? s.n : (size_t)at;
        vec_push(r->env->a, &out, val_text(str_sub(s, from, end - from)));
        if (at < 0) {
            break;
        }
        from = end + sep.n;
    }
    return fx_steps(r, out.n) ? val_list(out.v, out.n) : VAL_NONE;
}

#define K .flags = FN_KNOWN
#define M FN_METRIC

static const struct fn rows[] = {
    {.name = "AVERAGE",
     .sig = "NN*>n",
     .call = fn_average,
     .flags = M,
     FX_DOC("AVERAGE(a, b, …)", "aggregate", "平均值，不计空值。", "The mean, blanks aside.",
            "AVERAGE([1, 2, BLANK, 6]) -> 3")},
    {.name = "AVERAGEIF",
     .sig = "Lx?Q>n",
     .call = fn_averageif,
     .check = fx_check_sumif,
     FX_DOC("AVERAGEIF(list, criterion, values)", "aggregate", "符合条件的项的平均值。",
            "The mean of the items that match.", "AVERAGEIF([1, 5, 9], \">1\") -> 7")},
    {.name = "COUNT",
     .sig = "XX*>n",
     .call = fn_count,
     .flags = M | FN_KNOWN,
     FX_DOC("COUNT(a, b, …)", "aggregate", "非空值的个数；指标里的 COUNT() 是记录数。",
            "How many values are not blank; COUNT() counts rows in a metric.",
            "COUNT([1, BLANK, 3]) -> 2")},
    {.name = "COUNTA",
     .sig = "XX*>n",
     .call = fn_count,
     .flags = M | FN_KNOWN,
     FX_DOC("COUNTA(a, b, …)", "aggregate", "非空值的个数。", "How many values are not blank.",
            "COUNTA([\"a\", BLANK]) -> 1")},
    {.name = "COUNTBLANK",
     .sig = "XX*>n",
     .call = fn_countblank,
     .flags = M | FN_KNOWN,
     FX_DOC("COUNTBLANK(a, b, …)", "aggregate", "空值的个数。", "How many values are blank.",
            "COUNTBLANK([\"a\", BLANK]) -> 1")},
    {.name = "COUNTD",
     .sig = "XX*>n",
     .call = fn_countd,
     .flags = M | FN_KNOWN,
     FX_DOC("COUNTD(a, b, …)", "aggregate", "不同的非空值的个数。",
            "How many different values there are.", "COUNTD([1, 2, 2]) -> 2")},
    {.name = "COUNTIF",
     .sig = "Lx>n",
     .call = fn_countif,
     .check = fx_check_sumif,
     K,
     FX_DOC("COUNTIF(list, criterion)", "aggregate", "符合条件的项的个数。",
            "How many items match.",
            "COUNTIF([1, 5, 9], \">=5\") -> 2\nCOUNTIF([\"a\", \"b\"], \"a\") -> 1")},
    {.name = "FIRST",
     .sig = "L>e",
     .call = fn_first,
     FX_DOC("FIRST(list)", "list", "第一项。", "The first item.", "FIRST([7, 8]) -> 7")},
    {.name = "INDEX",
     .sig = "Ln>e",
     .call = fn_index,
     FX_DOC("INDEX(list, n)", "list", "第 n 项，从 1 数起。", "The n-th item, from 1.",
            "INDEX([\"a\", \"b\"], 2) -> \"b\"")},
    {.name = "JOIN",
     .sig = "L?t>t",
     .call = fn_join,
     .flags = FN_NAMES,
     FX_DOC("JOIN(list, separator)", "list", "把列表连成文本（默认用逗号）。",
            "The items as one text (with commas).", "JOIN([\"a\", \"b\"], \"-\") -> \"a-b\"")},
    {.name = "LARGE",
     .sig = "Qn>n",
     .call = fn_large,
     .flags = M,
     FX_DOC("LARGE(list, k)", "aggregate", "第 k 大的值。", "The k-th largest.",
            "LARGE([3, 9, 5], 2) -> 5")},
    {.name = "LAST",
     .sig = "L>e",
     .call = fn_last,
     FX_DOC("LAST(list)", "list", "最后一项。", "The last item.", "LAST([7, 8]) -> 8")},
    {.name = "MAX",
     .sig = "OO*>o",
     .call = fn_max,
     .flags = M,
     FX_DOC("MAX(a, b, …)", "aggregate", "最大值，不计空值。", "The greatest, blanks aside.",
            "MAX(3, [5, BLANK]) -> 5")},
    {.name = "MEDIAN",
     .sig = "NN*>n",
     .call = fn_median,
     .flags = M,
     FX_DOC("MEDIAN(a, b, …)", "aggregate", "中位数。", "The median.",
            "MEDIAN([1, 9, 3, 5]) -> 4")},
    {.name = "MIN",
     .sig = "OO*>o",
     .call = fn_min,
     .flags = M,
     FX_DOC("MIN(a, b, …)", "aggregate", "最小值，不计空值。", "The least, blanks aside.",
            "MIN(DATE(2026, 1, 2), DATE(2026, 1, 1)) -> \"2026-01-01\"")},
    {.name = "PRODUCT",
     .sig = "NN*>n",
     .call = fn_product,
     .flags = M,
     FX_DOC("PRODUCT(a, b, …)", "aggregate", "乘积，不计空值。", "The product, blanks aside.",
            "PRODUCT([2, BLANK, 5]) -> 10")},
    {.name = "RANK",
     .sig = "nQ?n>n",
     .call = fn_rank,
     FX_DOC("RANK(x, list, ascending)", "aggregate", "x 在列表中的名次（默认从大到小）。",
            "The place of x in the list, from the greatest unless ascending is 1.",
            "RANK(5, [3, 9, 5]) -> 2")},
    {.name = "SMALL",
     .sig = "Qn>n",
     .call = fn_small,
     .flags = M,
     FX_DOC("SMALL(list, k)", "aggregate", "第 k 小的值。", "The k-th smallest.",
            "SMALL([3, 9, 5], 1) -> 3")},
    {.name = "SORT",
     .sig = "L?b>l",
     .call = fn_sort,
     FX_DOC("SORT(list, descending)", "list", "排序后的列表，不含空值。",
            "The list in order, without blanks.", "SORT([3, 1, 2]) -> [1, 2, 3]")},
    {.name = "SPLIT",
     .sig = "t?t>T",
     .call = fn_split,
     FX_DOC("SPLIT(text, separator)", "list", "按分隔符（默认逗号）拆成列表。",
            "The parts of a text (at commas).", "SPLIT(\"a,b\") -> [\"a\", \"b\"]")},
    {.name = "STDEV",
     .sig = "NN*>n",
     .call = fn_stdev,
     .flags = M,
     FX_DOC("STDEV(a, b, …)", "aggregate", "样本标准差。", "The standard deviation of a sample.",
            "STDEV([2, 4]) -> 1.4142135623730951")},
    {.name = "SUM",
     .sig = "NN*>n",
     .call = fn_sum,
     .flags = M,
     FX_DOC("SUM(a, b, …)", "aggregate", "合计，不计空值。", "The sum, blanks aside.",
            "SUM([1.5, BLANK, 2]) -> 3.5\nSUM(1, [2, 3]) -> 6")},
    {.name = "SUMIF",
     .sig = "Lx?Q>n",
     .call = fn_sumif,
     .check = fx_check_sumif,
     FX_DOC("SUMIF(list, criterion, values)", "aggregate", "符合条件的项的合计。",
            "The sum of the items that match.", "SUMIF([\"a\", \"b\"], \"a\", [1, 2]) -> 1")},
    {.name = "SUMPRODUCT",
     .sig = "QQ*>n",
     .call = fn_sumproduct,
     FX_DOC("SUMPRODUCT(a, b, …)", "aggregate", "各列表对应项乘积之和。",
            "The sum of the products of the lists' items.", "SUMPRODUCT([1, 2], [3, 4]) -> 11")},
    {.name = "UNIQUE",
     .sig = "L>l",
     .call = fn_unique,
     FX_DOC("UNIQUE(list)", "list", "去掉重复和空值的列表。",
            "The list without repetitions and blanks.", "UNIQUE([1, 2, 1]) -> [1, 2]")},
};

const struct fn_table fx_fns_list = {rows, ARRAY_LEN(rows)};
