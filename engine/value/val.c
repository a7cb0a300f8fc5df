/*
 * The tagged value: making, comparing, copying.
 */
#include "engine/value/val.h"

#include "engine/value/num.h"

struct val val_bool(bool b)
{
    return (struct val){.kind = VAL_BOOL, .b = b};
}

struct val val_num(double num)
{
    if (num - num != 0)
        return VAL_NONE;
    return (struct val){.kind = VAL_NUM, .num = num == 0 ? 0 : num};
}

struct val val_dec(int64_t units, unsigned scale)
{
    return (struct val){.kind = VAL_DEC, .scale = (uint8_t)scale, .i = units};
}

struct val val_text(struct str s)
{
    if (!s.n)
        return VAL_NONE;
    return (struct val){.kind = VAL_TEXT, .n = (uint32_t)s.n, .text = s.p};
}

struct val val_date(int64_t days)
{
    return (struct val){.kind = VAL_DATE, .i = days};
}

struct val val_time(int64_t seconds)
{
    return (struct val){.kind = VAL_TIME, .i = seconds};
}

struct val val_instant(int64_t us)
{
    return (struct val){.kind = VAL_INSTANT, .i = us};
}

struct val val_ref(struct arena *a, int64_t id, struct str title)
{
    struct ref *r = ARENA_NEW(a, struct ref);
    *r = (struct ref){.id = id, .title = title};
    return (struct val){.kind = VAL_REF, .ref = r};
}

struct val val_list(const struct val *items, size_t n)
{
    if (!n)
        return VAL_NONE;
    return (struct val){.kind = VAL_LIST, .n = (uint32_t)n, .list = items};
}

struct val val_obj(const struct pair *pairs, size_t n)
{
    return (struct val){.kind = VAL_OBJ, .n = (uint32_t)n, .obj = pairs};
}

struct str val_str(struct val v)
{
    return v.kind == VAL_TEXT ? (struct str){v.text, v.n} : STR_NONE;
}

double val_double(struct val v)
{
    if (v.kind == VAL_NUM)
        return v.num;
    return v.kind == VAL_DEC ? num_of_dec(v.i, v.scale) : 0;
}

struct val val_get(struct val obj, struct str key)
{
    for (uint32_t i = 0; obj.kind == VAL_OBJ && i < obj.n; i++) {
        if (str_eq(obj.obj[i].key, key))
            return obj.obj[i].value;
    }
    return (struct val){.kind = VAL_ABSENT};
}

/* ---- copy ---- */

static struct val copy_list(struct arena *a, struct val v)
{
    struct val *items = ARENA_ARRAY(a, struct val, v.n);
    for (uint32_t i = 0; i < v.n; i++)
        items[i] = val_copy(a, v.list[i]);
    v.list = items;
    return v;
}

static struct val copy_obj(struct arena *a, struct val v)
{
    struct pair *pairs = ARENA_ARRAY(a, struct pair, v.n);
    for (uint32_t i = 0; i < v.n; i++) {
        pairs[i].key = str_dup(a, v.obj[i].key);
        pairs[i].value = val_copy(a, v.obj[i].value);
    }
    v.obj = pairs;
    return v;
}

static struct val copy_ref(struct arena *a, struct val v)
{
    struct ref *r = ARENA_NEW(a, struct ref);
    *r = *v.ref;
    r->title = r->title.n ? str_dup(a, r->title) : STR_NONE;
    r->type = r->type.n ? str_dup(a, r->type) : STR_NONE;
    v.ref = r;
    return v;
}

struct val val_copy(struct arena *a, struct val v)
{
    switch ((enum val_kind)v.kind) {
    case VAL_TEXT: v.text = str_z(a, val_str(v)); return v;
    case VAL_REF: return copy_ref(a, v);
    case VAL_LIST: return copy_list(a, v);
    case VAL_OBJ: return copy_obj(a, v);
    case VAL_BLANK:
    case VAL_BOOL:
    case VAL_NUM:
    case VAL_DEC:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT:
    case VAL_ABSENT: break;
    }
    return v;
}

/* ---- compare ---- */

/* Where a kind stands in the order; numbers of both kinds are one. */
static int rank(struct val v)
{
    if (val_is_blank(v) || (v.n == 0 && (v.kind == VAL_TEXT || v.kind == VAL_LIST)))
        return VAL_BLANK;
    return v.kind == VAL_DEC ? VAL_NUM : v.kind;
}

static int cmp_int(int64_t x, int64_t y)
{
    return (x > y) - (x < y);
}

static int cmp_num(struct val x, struct val y)
{
    if (x.kind == VAL_DEC && y.kind == VAL_DEC) {
        int64_t a;
        int64_t b;
        unsigned scale = MAX(x.scale, y.scale);
        if (num_rescale(x.i, x.scale, scale, &a) && num_rescale(y.i, y.scale, scale, &b))
            return cmp_int(a, b);
    }
    double a = val_double(x);
    double b = val_double(y);
    return (a > b) - (a < b);
}

static int cmp_list(struct val x, struct val y)
{
    for (uint32_t i = 0; i < x.n && i < y.n; i++) {
        int c = val_cmp(x.list[i], y.list[i]);
        if (c)
            return c;
    }
    return cmp_int(x.n, y.n);
}

static int cmp_obj(struct val x, struct val y)
{
    for (uint32_t i = 0; i < x.n && i < y.n; i++) {
        int c = str_cmp(x.obj[i].key, y.obj[i].key);
        if (!c)
            c = val_cmp(x.obj[i].value, y.obj[i].value);
        if (c)
            return c;
    }
    return cmp_int(x.n, y.n);
}

int val_cmp(struct val x, struct val y)
{
    int kind = rank(x);
    if (kind != rank(y))
        return kind < rank(y) ? -1 : 1;
    switch ((enum val_kind)kind) {
    case VAL_BOOL: return cmp_int(x.b, y.b);
    case VAL_NUM:
    case VAL_DEC: return cmp_num(x, y);
    case VAL_TEXT: return str_cmp(val_str(x), val_str(y));
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT: return cmp_int(x.i, y.i);
    case VAL_REF: return cmp_int(x.ref->id, y.ref->id);
    case VAL_LIST: return cmp_list(x, y);
    case VAL_OBJ: return cmp_obj(x, y);
    case VAL_BLANK:
    case VAL_ABSENT: break;
    }
    return 0;
}

/* Members in any order: what an object is does not depend on it. */
static bool same_obj(struct val x, struct val y)
{
    for (uint32_t i = 0; i < x.n; i++) {
        struct val other = val_get(y, x.obj[i].key);
        if (other.kind == VAL_ABSENT || !val_same(x.obj[i].value, other))
            return false;
    }
    return x.n == y.n;
}

static bool same_list(struct val x, struct val y)
{
    for (uint32_t i = 0; x.n == y.n && i < x.n; i++) {
        if (!val_same(x.list[i], y.list[i]))
            return false;
    }
    return x.n == y.n;
}

bool val_same(struct val x, struct val y)
{
    if (rank(x) != rank(y))
        return false;
    if (x.kind == VAL_OBJ)
        return same_obj(x, y);
    if (x.kind == VAL_LIST && rank(x) != VAL_BLANK)
        return same_list(x, y);
    return val_cmp(x, y) == 0;
}
