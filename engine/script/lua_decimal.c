/*
 * Exact decimals for scripts: money that adds up. A decimal is units of 10^-scale in 64 bits, scale
 * at most 12; results that do not fit raise. Rounding is half away from zero, as everywhere
 * (value/num.h).
 */
#include "engine/script/lua_int.h"

#define SCALE_MAX     12
#define DIVISION_MORE 6 /* decimals a quotient has at least */

struct decimal {
    int64_t units;
    unsigned scale;
};

static const int64_t POW10[] = {1,           10,           100,          1000,      10000,
                                100000,      1000000,      10000000,     100000000, 1000000000,
                                10000000000, 100000000000, 1000000000000};

static int overflow(lua_State *L)
{
    return luaL_error(L, "a decimal out of range");
}

static int push_decimal(lua_State *L, struct decimal d);

/* The decimals a text shows. */
static unsigned scale_of(struct str text)
{
    ptrdiff_t dot = str_findc(text, '.');
    if (dot < 0)
        return 0;
    return (unsigned)MIN(text.n - (size_t)dot - 1, SCALE_MAX);
}

static bool parse(struct str text, struct decimal *out)
{
    double any;
    text = str_trim(text);
    if (str_findc(text, 'e') >= 0 || str_findc(text, 'E') >= 0) { /* 1e-7: by its digits */
        if (!num_parse(text, &any))
            return false;
        out->scale = SCALE_MAX;
        return num_to_dec(any, SCALE_MAX, &out->units);
    }
    out->scale = scale_of(text);
    return num_parse_dec(text, out->scale, &out->units);
}

/* An argument: a decimal, a number or the text of one. */
static struct decimal decimal_arg(lua_State *L, int arg)
{
    struct decimal d, *p = luaL_testudata(L, arg, DECIMAL_META);
    char buf[40];
    if (p)
        return *p;
    bool number = lua_type(L, arg) == LUA_TNUMBER;
    struct str text = number ? num_print(lua_tonumber(L, arg), buf) : box_str(box_of(L), arg);
    if (!parse(text, &d))
        luaL_argerror(L, arg, "not a decimal number");
    return d;
}

bool lua_decimal_val(lua_State *L, int index, struct val *out)
{
    const struct decimal *p = luaL_testudata(L, index, DECIMAL_META);
    if (p)
        *out = val_dec(p->units, p->scale);
    return p != NULL;
}

static struct decimal rescale(lua_State *L, struct decimal d, unsigned scale)
{
    struct decimal out = {.scale = scale};
    if (!num_rescale(d.units, d.scale, scale, &out.units))
        overflow(L);
    return out;
}

static unsigned scale_arg(lua_State *L, int arg, unsigned otherwise)
{
    lua_Integer n = luaL_optinteger(L, arg, otherwise);
    luaL_argcheck(L, n >= 0 && n <= SCALE_MAX, arg, "0 to 12 decimals");
    return (unsigned)n;
}

static void same_scale(lua_State *L, struct decimal *x, struct decimal *y)
{
    *x = decimal_arg(L, 1);
    *y = decimal_arg(L, 2);
    unsigned scale = MAX(x->scale, y->scale);
    *x = rescale(L, *x, scale);
    *y = rescale(L, *y, scale);
}

static int decimal_of(lua_State *L)
{
    struct decimal d = decimal_arg(L, 1);
    return push_decimal(L, rescale(L, d, scale_arg(L, 2, d.scale)));
}

static int decimal_add(lua_State *L)
{
    struct decimal x, y;
    same_scale(L, &x, &y);
    if (__builtin_add_overflow(x.units, y.units, &x.units))
        return overflow(L);
    return push_decimal(L, x);
}

static int decimal_sub(lua_State *L)
{
    struct decimal x, y;
    same_scale(L, &x, &y);
    if (__builtin_sub_overflow(x.units, y.units, &x.units))
        return overflow(L);
    return push_decimal(L, x);
}

/* num / den, rounded half away from zero. */
static int push_ratio(lua_State *L, __int128 num, __int128 den, unsigned scale)
{
    bool negative = (num < 0) != (den < 0);
    num = num < 0 ? -num : num;
    den = den < 0 ? -den : den;
    __int128 q = num / den + (num % den * 2 >= den);
    if (q > INT64_MAX)
        return overflow(L);
    int64_t units = (int64_t)q;
    return push_decimal(L, (struct decimal){negative ? -units : units, scale});
}

/* Exact up to 12 decimals. */
static int decimal_mul(lua_State *L)
{
    struct decimal x = decimal_arg(L, 1), y = decimal_arg(L, 2);
    unsigned scale = MIN(x.scale + y.scale, SCALE_MAX);
    return push_ratio(L, (__int128)x.units * y.units, POW10[x.scale + y.scale - scale], scale);
}

static int divide(lua_State *L, unsigned scale)
{
    struct decimal x = decimal_arg(L, 1), y = decimal_arg(L, 2);
    if (!y.units)
        return luaL_error(L, "division by zero");
    /* x / y * 10^scale; 63 + 40 + 40 bits at most, so the larger power goes to one side */
    int shift = (int)scale + (int)y.scale - (int)x.scale;
    __int128 num = x.units, den = y.units;
    if (shift >= 0)
        for (int i = 0; i < shift; i++)
            if (__builtin_mul_overflow(num, (__int128)10, &num))
                return overflow(L);
    if (shift < 0)
        den *= POW10[-shift];
    return push_ratio(L, num, den, scale);
}

static int decimal_div(lua_State *L)
{
    return divide(L, scale_arg(L, 3, 2));
}

static int operator_div(lua_State *L)
{
    unsigned scale = MAX(decimal_arg(L, 1).scale, decimal_arg(L, 2).scale);
    return divide(L, MIN(MAX(scale, DIVISION_MORE), SCALE_MAX));
}

static int decimal_neg(lua_State *L)
{
    struct decimal d = decimal_arg(L, 1);
    if (d.units == INT64_MIN)
        return overflow(L);
    d.units = -d.units;
    return push_decimal(L, d);
}

static int compare(lua_State *L)
{
    struct decimal x, y;
    same_scale(L, &x, &y);
    return (x.units > y.units) - (x.units < y.units);
}

static int decimal_compare(lua_State *L)
{
    lua_pushinteger(L, compare(L));
    return 1;
}

static int operator_eq(lua_State *L)
{
    lua_pushboolean(L, compare(L) == 0);
    return 1;
}

static int operator_lt(lua_State *L)
{
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

static int operator_le(lua_State *L)
{
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}

static int decimal_round(lua_State *L)
{
    struct decimal d = decimal_arg(L, 1);
    return push_decimal(L, rescale(L, d, scale_arg(L, 2, 0)));
}

static int decimal_text(lua_State *L)
{
    struct decimal d = decimal_arg(L, 1);
    char buf[40];
    d = rescale(L, d, scale_arg(L, 2, d.scale));
    lua_push_text(L, num_print_dec(d.units, d.scale, buf));
    return 1;
}

static int decimal_number(lua_State *L)
{
    struct decimal d = decimal_arg(L, 1);
    lua_pushnumber(L, num_of_dec(d.units, d.scale));
    return 1;
}

static const luaL_Reg OPERATORS[] = {{"__add", decimal_add},       {"__sub", decimal_sub},
                                     {"__mul", decimal_mul},       {"__div", operator_div},
                                     {"__unm", decimal_neg},       {"__eq", operator_eq},
                                     {"__lt", operator_lt},        {"__le", operator_le},
                                     {"__tostring", decimal_text}, {NULL, NULL}};

static void fill_metatable(lua_State *L)
{
    lua_fill_methods(L, "Decimal");
    luaL_setfuncs(L, OPERATORS, 0);
}

static int push_decimal(lua_State *L, struct decimal d)
{
    struct decimal *p = lua_newuserdatauv(L, sizeof(*p), 0);
    *p = d;
    if (luaL_newmetatable(L, DECIMAL_META))
        fill_metatable(L);
    lua_setmetatable(L, -2);
    return 1;
}

#define X  "x: DecimalLike"
#define XY "x: DecimalLike, y: DecimalLike"

static const struct lua_api ROWS[] = {
    {"decimal", "of", decimal_of, NULL, X ", scale?: integer", "Decimal",
     "精确小数；可以加减乘除、比较，写入字段时不丢一分",
     "An exact decimal; adds, multiplies, compares and is stored to the cent",
     "decimal.of('0.1') + decimal.of('0.2') == decimal.of('0.3')", "true"},
    {"decimal", "add", decimal_add, NULL, XY, "Decimal", "和", "The sum",
     "decimal.add('0.1', '0.20'):text()", "0.30"},
    {"decimal", "sub", decimal_sub, NULL, XY, "Decimal", "差", "The difference",
     "decimal.sub('1', '0.9'):text()", "0.1"},
    {"decimal", "mul", decimal_mul, NULL, XY, "Decimal", "积", "The product",
     "decimal.mul('19.99', 3):text()", "59.97"},
    {"decimal", "div", decimal_div, NULL, XY ", scale?: integer", "Decimal",
     "商，保留若干位小数（默认 2 位），四舍五入", "The quotient, rounded to some decimals (2)",
     "decimal.div(100, 3):text()", "33.33"},
    {"decimal", "compare", decimal_compare, NULL, XY, "integer", "-1、0 或 1", "-1, 0 or 1",
     "decimal.compare('1.10', '1.1')", "0"},
    {"Decimal", "round", decimal_round, NULL, "scale?: integer", "Decimal", "四舍五入到若干位小数",
     "Rounded half away from zero", "decimal.of('2.345'):round(2):text()", "2.35"},
    {"Decimal", "text", decimal_text, NULL, "scale?: integer", "string", "写成文本", "As a text",
     "decimal.of('1.5'):text(2)", "1.50"},
    {"Decimal", "number", decimal_number, NULL, "", "number", "转成数值", "As a number",
     "decimal.of('1.5'):number()", "1.5"},
};

const struct lua_api_list lua_api_decimal = {ROWS, ARRAY_LEN(ROWS)};
