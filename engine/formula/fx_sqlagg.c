/*
 * fx_gather('MEDIAN', x[, k]) on SQLite: aggregates of a metric that need all numbers at once, by
 * the same rules as fx_fn_list.c. Blanks are skipped.
 */
#include "engine/formula/fx_math.h"
#include "engine/formula/fx_sql_int.h"
#include "engine/value/num.h"

enum gather { G_NONE, G_MEDIAN, G_STDEV, G_PRODUCT, G_LARGE, G_SMALL };

struct numbers {
    double *v;
    size_t n, room;
    double k;
    uint8_t what;
};

_Static_assert(sizeof(struct numbers) <= FXS_GATHER_BYTES, "fx_sqlfn.c keeps the room");

static uint8_t what_of(struct str name)
{
    static const char *const names[] = {"", "MEDIAN", "STDEV", "PRODUCT", "LARGE", "SMALL"};
    for (size_t i = 1; i < ARRAY_LEN(names); i++) {
        if (str_eqz(name, names[i])) {
            return (uint8_t)i;
        }
    }
    return G_NONE;
}

void fxs_gather_step(void *state, struct arena *a, const struct val *args, size_t n)
{
    struct numbers *s = state;
    if (n < 2) {
        return;
    }
    if (s->what == G_NONE) {
        s->what = what_of(fx_to_str(args[0]));
        s->k = n > 2 ? fx_to_num(args[2]) : 0;
    }
    if (!fx_is_num(args[1])) {
        return;
    }
    if (s->n == s->room) { /* the old ones stay in the arena: twice the room in all */
        double *more = ARENA_ARRAY(a, double, s->room ? s->room * 2 : 64);
        if (s->n) {
            memcpy(more, s->v, s->n * sizeof(*more));
        }
        s->room = s->room ? s->room * 2 : 64;
        s->v = more;
    }
    s->v[s->n++] = fx_to_num(args[1]);
}

/* Sinks v[at] in a heap of n with the greatest on top. */
static void sink(double *v, size_t at, size_t n)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        child += child + 1 < n && v[child + 1] > v[child];
        if (v[at] >= v[child]) {
            return;
        }
        double x = v[at];
        v[at] = v[child];
        v[child] = x;
    }
}

static void sort(double *v, size_t n)
{
    for (size_t i = n / 2; i > 0; i--) {
        sink(v, i - 1, n);
    }
    for (size_t i = n; i > 1; i--) {
        double x = v[0];
        v[0] = v[i - 1];
        v[i - 1] = x;
        sink(v, 0, i - 1);
    }
}

static struct val finite(double x)
{
    return x - x == 0 ? val_num(x == 0 ? 0 : x) : VAL_NONE;
}

static struct val stdev(const struct numbers *s)
{
    struct num_sum sum = {0, 0};
    struct num_sum squares = {0, 0};
    if (s->n < 2) {
        return VAL_NONE;
    }
    for (size_t i = 0; i < s->n; i++) {
        num_sum_add(&sum, s->v[i]);
    }
    double mean = num_sum_get(&sum) / (double)s->n;
    for (size_t i = 0; i < s->n; i++) {
        num_sum_add(&squares, (s->v[i] - mean) * (s->v[i] - mean));
    }
    return finite(fx_sqrt(num_sum_get(&squares) / (double)(s->n - 1)));
}

static struct val product(const struct numbers *s)
{
    double x = s->n ? 1 : 0;
    for (size_t i = 0; i < s->n; i++) {
        x *= s->v[i];
    }
    return finite(x);
}

struct val fxs_gather_final(void *state, struct arena *a)
{
    struct numbers *s = state;
    (void)a;
    if (s->what == G_STDEV) {
        return stdev(s);
    }
    if (s->what == G_PRODUCT) {
        return product(s);
    }
    sort(s->v, s->n);
    if (s->what == G_MEDIAN) {
        double low = s->n ? s->v[(s->n - 1) / 2] : 0;
        double high = s->n ? s->v[s->n / 2] : 0;
        return s->n ? finite(low == high ? low : (low + high) / 2) : VAL_NONE;
    }
    double k = fx_ceil(s->k);
    if (k < 1 || k > (double)s->n) {
        return VAL_NONE;
    }
    return finite(s->v[s->what == G_LARGE ? s->n - (size_t)k : (size_t)k - 1]);
}
