/*
 * JSON in: jansson parses, this file sets the limits and turns its tree into values on an arena.
 *
 * jansson keeps numbers as doubles or 64-bit integers, which is not enough for money, so numbers
 * are taken from the text again: the tree is walked in document order and a cursor steps from one
 * number of the text to the next.  The writer is in json_out.c.
 */
#include "engine/value/json.h"

#include "engine/value/num.h"
#include "engine/value/num_int.h"

#include <jansson.h>

#define TWO_53        (INT64_C(1) << 53)
#define DEC_SCALE_MAX 12

/* ---- errors ---- */

struct problem {
    enum json_error_code code;
    const char *key;
    const char *zh; /* without the place, which fail_at() adds */
    const char *en;
};

static const struct problem problems[] = {
    {json_error_duplicate_key, "json_duplicate_key", "JSON 中有重复的键", "The JSON repeats a key"},
    {json_error_numeric_overflow, "json_number_range", "JSON 中的数字超出范围",
     "A number in the JSON is out of range"},
    {json_error_invalid_utf8, "json_utf8", "JSON 不是有效的 UTF-8 文本",
     "The JSON is not valid UTF-8"},
    {json_error_null_character, "json_nul", "JSON 的文本中不能有空字符 U+0000",
     "A text in the JSON holds the character U+0000"},
    {json_error_null_byte_in_key, "json_nul", "JSON 的键中不能有空字符 U+0000",
     "A key in the JSON holds the character U+0000"},
    {json_error_premature_end_of_input, "json_incomplete", "JSON 不完整，提前结束",
     "The JSON is incomplete"},
    {json_error_end_of_input_expected, "json_trailing", "JSON 结束之后还有多余的内容",
     "There is more text after the end of the JSON"},
    {json_error_unknown, "json_syntax", "JSON 有语法错误",
     "The JSON has a syntax error"}, /* rest */
};

static const struct problem too_deep = {.key = "json_depth",
                                        .zh = "JSON 嵌套超过 64 层",
                                        .en = "The JSON is nested deeper than 64 levels"};
static const struct problem has_nul = {
    .key = "json_nul", .zh = "JSON 中不能有空字符", .en = "The JSON holds a NUL byte"};
static const struct problem too_many = {.key = "json_nodes",
                                        .zh = "JSON 中的值超过 200,000 个",
                                        .en = "The JSON holds more than 200,000 values"};

static int fail_at(const struct problem *p, struct src_pos pos, struct err *err)
{
    err_set(err, ERR_MALFORMED, p->key, "%s%.0s（第 %u 行，第 %u 列附近）。",
            "%.0s%s (near line %u, column %u).", p->zh, p->en, pos.line, pos.column);
    err->pos = pos;
    return -1;
}

static int fail(const json_error_t *e, struct err *err)
{
    const struct problem *p = problems;
    if (json_error_code(e) == json_error_out_of_memory)
        oom_raise();
    while (p->code != json_error_code(e) && p->code != json_error_unknown)
        p++;
    struct src_pos pos = {(uint32_t)MAX(e->line, 1), (uint32_t)MAX(e->column, 1)};
    return fail_at(p, pos, err);
}

/* ---- limits, looked at before jansson builds anything ---- */

/* The end of the string whose opening quote is at i. */
static size_t skip_string(struct str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++) {
        if (s.p[i] == '\\')
            i++;
    }
    return i + 1;
}

static struct src_pos place_of(struct str s, size_t at)
{
    struct src_pos pos = {1, 1};
    for (size_t i = 0; i < at; i++) {
        if (s.p[i] == '\n')
            pos = (struct src_pos){pos.line + 1, 1};
        else
            pos.column += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    }
    return pos;
}

static int check_limits(struct str s, struct err *err)
{
    size_t depth = 0;
    size_t nodes = 1;
    ptrdiff_t nul = str_findc(s, '\0'); /* jansson 2.14 overlooks one behind a number */
    if (nul >= 0)
        return fail_at(&has_nul, place_of(s, (size_t)nul), err);
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i];
        if (c == '"') {
            i = skip_string(s, i);
            continue;
        }
        bool open = c == '[' || c == '{';
        depth += open;
        depth -= depth && (c == ']' || c == '}');
        nodes += open || c == ',';
        if (depth > JSON_MAX_DEPTH)
            return fail_at(&too_deep, place_of(s, i), err);
        if (nodes > JSON_MAX_NODES)
            return fail_at(&too_many, place_of(s, i), err);
        i++;
    }
    return 0;
}

/* ---- tree to values ---- */

struct reader {
    struct arena *a;
    struct str text;
    size_t pos; /* behind the last number taken */
    json_t *root;
};

/* The next number of the text. The text is known to be correct JSON. */
static struct str next_number(struct reader *r)
{
    struct str s = r->text;
    size_t i = r->pos;
    while (i < s.n && s.p[i] != '-' && (s.p[i] < '0' || s.p[i] > '9'))
        i = s.p[i] == '"' ? skip_string(s, i) : i + 1;
    size_t from = i;
    while (i < s.n && strchr("+-.0123456789eE", s.p[i]))
        i++;
    r->pos = i;
    return str_sub(s, from, i - from);
}

static struct val number(struct reader *r)
{
    struct num_scan n;
    int64_t units;
    struct str s = next_number(r);
    if (!num_scan(s, &n))
        return VAL_NONE;
    double x = num_scan_double(&n);
    int64_t scale = MAX((int64_t)n.n - n.point, 0);
    bool few = n.n <= 15 && n.point <= 15; /* digits, and zeros behind them: exact as a double */
    if (few || scale > DEC_SCALE_MAX || !num_parse_dec(s, (unsigned)scale, &units))
        return val_num(n.neg ? -x : x);
    if (scale == 0 && units <= TWO_53 && units >= -TWO_53)
        return val_num(n.neg ? -x : x);
    return val_dec(units, (unsigned)scale);
}

static struct val text(struct reader *r, const json_t *j)
{
    struct str s = {json_string_value(j), json_string_length(j)};
    return (struct val){.kind = VAL_TEXT, .n = (uint32_t)s.n, .text = str_z(r->a, s)};
}

static struct val convert(struct reader *r, json_t *j);

static struct val list(struct reader *r, const json_t *j)
{
    size_t n = json_array_size(j);
    struct val *items = ARENA_ARRAY(r->a, struct val, n);
    for (size_t i = 0; i < n; i++)
        items[i] = convert(r, json_array_get(j, i));
    return (struct val){.kind = VAL_LIST, .n = (uint32_t)n, .list = items};
}

static struct val object(struct reader *r, json_t *j)
{
    struct pair *pairs = ARENA_ARRAY(r->a, struct pair, json_object_size(j));
    uint32_t n = 0;
    for (void *it = json_object_iter(j); it; it = json_object_iter_next(j, it)) {
        pairs[n].key = str_dup(r->a, str_of(json_object_iter_key(it)));
        pairs[n++].value = convert(r, json_object_iter_value(it));
    }
    return (struct val){.kind = VAL_OBJ, .n = n, .obj = pairs};
}

/* Recursion ends at JSON_MAX_DEPTH. */
static struct val convert(struct reader *r, json_t *j)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT: return object(r, j);
    case JSON_ARRAY: return list(r, j);
    case JSON_STRING: return text(r, j);
    case JSON_INTEGER:
    case JSON_REAL: return number(r);
    case JSON_TRUE: return val_bool(true);
    case JSON_FALSE: return val_bool(false);
    case JSON_NULL: break;
    }
    return VAL_NONE;
}

static void drop(void *arg)
{
    struct reader *r = arg;
    json_decref(r->root);
}

int json_parse(struct arena *a, struct str bytes, struct val *out, struct err *err)
{
    json_error_t e = {.line = 1, .column = 1};
    if (check_limits(bytes, err) < 0)
        return -1;
    struct reader *r = ARENA_NEW(a, struct reader);
    *r = (struct reader){.a = a, .text = bytes};
    arena_defer(a, drop, r); /* before there is a tree: the conversion may run out of memory */
    r->root =
        json_loadb(bytes.p ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (r->root)
        *out = convert(r, r->root);
    arena_undefer(a, r);
    if (!r->root)
        return fail(&e, err);
    json_decref(r->root);
    return 0;
}
