/*
 * Logic: IF and its kin. All evaluate lazily, so an error in a branch not taken does not count.
 */
#include "engine/formula/fx_int.h"

static bool truth(struct run *r, const struct node *n, uint32_t i)
{
    return fx_arg_true(r, n, i);
}

static struct val lazy_xor(struct run *r, const struct node *n)
{
    bool odd = false;
    for (uint32_t i = 0; i < n->nargs; i++) {
        odd = odd != truth(r, n, i);
    }
    return val_bool(odd);
}

static struct val lazy_if(struct run *r, const struct node *n)
{
    if (truth(r, n, 0)) {
        return fx_arg(r, n, 1);
    }
    return n->nargs > 2 ? fx_arg(r, n, 2) : VAL_NONE;
}

static struct val lazy_ifs(struct run *r, const struct node *n)
{
    for (uint32_t i = 0; i + 1 < n->nargs; i += 2) {
        if (truth(r, n, i)) {
            return fx_arg(r, n, i + 1);
        }
    }
    return VAL_NONE;
}

static struct val lazy_switch(struct run *r, const struct node *n)
{
    struct val x = fx_arg(r, n, 0);
    uint32_t i = 1;
    for (; i + 1 < n->nargs; i += 2) {
        struct val y = fx_arg(r, n, i);
        if (fx_equal(r, x, y)) {
            return fx_arg(r, n, i + 1);
        }
    }
    return i < n->nargs ? fx_arg(r, n, i) : VAL_NONE;
}

static struct val lazy_coalesce(struct run *r, const struct node *n)
{
    for (uint32_t i = 0; i < n->nargs; i++) {
        struct val v = fx_arg(r, n, i);
        if (!fx_blank(v)) {
            return v;
        }
    }
    return VAL_NONE;
}

static struct val lazy_iferror(struct run *r, const struct node *n)
{
    uint32_t before = r->errors;
    struct val v = fx_arg(r, n, 0);
    if (r->errors == before) {
        return v;
    }
    r->errors = before;
    return fx_arg(r, n, 1);
}

static struct val lazy_isblank(struct run *r, const struct node *n)
{
    struct val v = fx_arg(r, n, 0);
    return val_bool(fx_blank(v));
}

#define LOGIC FN_LAZY | FN_KNOWN

static const struct fn rows[] = {
    {.name = "AND",
     .sig = "bb*>b",
     .lazy = fx_eval_and,
     .flags = LOGIC,
     FX_DOC("AND(a, b, …)", "logic", "所有条件都成立时为 TRUE。", "TRUE when all conditions hold.",
            "AND(1 < 2, 2 < 3) -> true")},
    {.name = "COALESCE",
     .sig = "uu*>u",
     .lazy = lazy_coalesce,
     .flags = FN_LAZY,
     FX_DOC("COALESCE(a, b, …)", "logic", "第一个不为空的值。",
            "The first value that is not blank.", "COALESCE(BLANK, 2, 3) -> 2")},
    {.name = "IF",
     .sig = "bu?u>u",
     .lazy = lazy_if,
     .flags = FN_LAZY,
     FX_DOC("IF(condition, then, else)", "logic",
            "条件成立时取第二个参数，否则取第三个（省略为空）。",
            "The second argument when the condition holds, else the third (blank if left out).",
            "IF(2 > 1, \"a\", \"b\") -> \"a\"\nIF(2 < 1, \"a\") -> null")},
    {.name = "IFBLANK",
     .sig = "uu>u",
     .lazy = lazy_coalesce,
     .flags = FN_LAZY,
     FX_DOC("IFBLANK(x, y)", "logic", "x 为空时取 y，否则取 x。", "y when x is blank, else x.",
            "IFBLANK(\"\", \"-\") -> \"-\"")},
    {.name = "IFERROR",
     .sig = "uu>u",
     .lazy = lazy_iferror,
     .flags = FN_LAZY,
     FX_DOC("IFERROR(x, y)", "logic", "计算 x 的过程中出错时取 y，否则取 x。",
            "y when x or a part of x failed, else x.",
            "IFERROR(1 / 0, 9) -> 9\nIFERROR(4 / 2, 9) -> 2")},
    {.name = "IFS",
     .sig = "bu>u",
     .lazy = lazy_ifs,
     .check = fx_check_ifs,
     .flags = FN_LAZY,
     FX_DOC("IFS(condition, value, …)", "logic", "取第一个成立的条件后面的值。",
            "The value after the first condition that holds.",
            "IFS(1 > 2, \"a\", TRUE, \"b\") -> \"b\"")},
    {.name = "ISBLANK",
     .sig = "z>b",
     .lazy = lazy_isblank,
     .flags = LOGIC,
     FX_DOC("ISBLANK(x)", "logic", "x 为空时为 TRUE。", "TRUE when x is blank.",
            "ISBLANK(\"\") -> true\nISBLANK(0) -> false")},
    {.name = "NOT",
     .sig = "b>b",
     .lazy = fx_eval_not,
     .flags = LOGIC,
     FX_DOC("NOT(condition)", "logic", "条件不成立时为 TRUE。",
            "TRUE when the condition does not hold.", "NOT(1 > 2) -> true")},
    {.name = "OR",
     .sig = "bb*>b",
     .lazy = fx_eval_or,
     .flags = LOGIC,
     FX_DOC("OR(a, b, …)", "logic", "任一条件成立时为 TRUE。", "TRUE when any condition holds.",
            "OR(1 > 2, 2 < 3) -> true")},
    {.name = "SWITCH",
     .sig = "xuu>u",
     .lazy = lazy_switch,
     .check = fx_check_switch,
     .flags = FN_LAZY,
     FX_DOC("SWITCH(x, case, value, …, else)", "logic",
            "取与 x 相等的情形后面的值；都不等时取最后的默认值。",
            "The value after the case that equals x, else the last argument.",
            "SWITCH(2, 1, \"a\", 2, \"b\", \"c\") -> \"b\"\nSWITCH(9, 1, \"a\", \"c\") -> \"c\"")},
    {.name = "XOR",
     .sig = "bb*>b",
     .lazy = lazy_xor,
     .flags = LOGIC,
     FX_DOC("XOR(a, b, …)", "logic", "成立的条件个数为奇数时为 TRUE。",
            "TRUE when an odd number of conditions hold.", "XOR(TRUE, TRUE) -> false")},
};

const struct fn_table fx_fns_logic = {rows, ARRAY_LEN(rows)};
