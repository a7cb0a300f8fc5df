/*
 * Texts. Lengths and positions count code points; blank counts as "". TEXT and RMBCAP are in
 * fx_format.c, MATCHES in fx_match.c.
 */
#include "engine/formula/fx_int.h"

#include "engine/base/utf8.h"
#include "engine/formula/fx_case.h"
#include "engine/formula/fx_format.h"
#include "engine/formula/fx_match.h"
#include "engine/formula/fx_math.h"
#include "engine/value/num.h"

static struct str text(const struct val *args, size_t i)
{
    return fx_to_str(args[i]);
}

/* A count or position: whole, at least `least`; a failure otherwise. */
static bool whole(struct run *r, const struct node *n, const struct val *args, size_t i,
                  double least, size_t *out)
{
    double x = fx_trunc(fx_to_num(args[i]));
    if (x < least) {
        fx_fail(r, n, "位置或长度太小。", "The position or length is too small.");
        return false;
    }
    *out = x > 1e9 ? 1000000000 : (size_t)x;
    return true;
}

/* Code points [from, from + n) */
static struct str slice(struct str s, size_t from, size_t n)
{
    size_t start = utf8_offset(s, from);
    struct str rest = str_sub(s, start, s.n);
    return str_sub(rest, 0, utf8_offset(rest, n));
}

static struct val fn_len(struct run *r, const struct node *n, const struct val *args)
{
    (void)r;
    (void)n;
    return val_num((double)utf8_len(text(args, 0)));
}

static struct val fn_left(struct run *r, const struct node *n, const struct val *args)
{
    size_t k = 1;
    if (n->nargs > 1 && !whole(r, n, args, 1, 0, &k)) {
        return VAL_NONE;
    }
    return val_text(slice(text(args, 0), 0, k));
}

static struct val fn_right(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = text(args, 0);
    size_t len = utf8_len(s);
    size_t k = 1;
    if (n->nargs > 1 && !whole(r, n, args, 1, 0, &k)) {
        return VAL_NONE;
    }
    return val_text(slice(s, k < len ? len - k : 0, len));
}

static struct val fn_mid(struct run *r, const struct node *n, const struct val *args)
{
    size_t from = 0;
    size_t k = 0;
    if (!whole(r, n, args, 1, 1, &from) || !whole(r, n, args, 2, 0, &k)) {
        return VAL_NONE;
    }
    return val_text(slice(text(args, 0), from - 1, k));
}

static struct str map_case(struct run *r, struct str s, uint32_t (*map)(uint32_t))
{
    struct strb out;
    strb_init(&out, r->env->a);
    for (size_t i = 0; i < s.n;) {
        strb_addu(&out, map(utf8_next(s, &i)));
    }
    return strb_str(&out);
}

static struct val fn_upper(struct run *r, const struct node *n, const struct val *args)
{
    return fx_text_result(r, n, map_case(r, text(args, 0), fx_upper));
}

static struct val fn_lower(struct run *r, const struct node *n, const struct val *args)
{
    return fx_text_result(r, n, map_case(r, text(args, 0), fx_lower));
}

static struct val fn_proper(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = text(args, 0);
    struct strb out;
    bool inside = false;
    strb_init(&out, r->env->a);
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        strb_addu(&out, inside ? fx_lower(cp) : fx_upper(cp));
        inside = fx_is_cased(cp);
    }
    return fx_text_result(r, n, strb_str(&out));
}

/* 1-based position of `part` from code point `from`; 0 when it is not there. */
static size_t position(struct str whole_text, struct str part, size_t from)
{
    size_t start = utf8_offset(whole_text, from - 1);
    ptrdiff_t at = str_find(whole_text, part, start);
    return at < 0 ? 0 : utf8_len(str_sub(whole_text, 0, (size_t)at)) + 1;
}

static struct val find(struct run *r, const struct node *n, struct str part, struct str in,
                       const struct val *args)
{
    size_t from = 1;
    if (n->nargs > 2 && !whole(r, n, args, 2, 1, &from)) {
        return VAL_NONE;
    }
    size_t at = from > utf8_len(in) + 1 ? 0 : position(in, part, from);
    return at ? val_num((double)at)
              : fx_fail(r, n, "没有找到要找的文本。", "The text was not found.");
}

static struct val fn_find(struct run *r, const struct node *n, const struct val *args)
{
    return find(r, n, text(args, 0), text(args, 1), args);
}

/*
 * Whether pattern p (? one character, * any, ~ takes the next as it is) fits s from byte i on.
 * After a * was passed in vain *stuck is set: no later start can fit either.
 */
static bool glob_at(struct str s, size_t i, struct str p, bool *stuck)
{
    size_t star = SIZE_MAX; /* behind the last * in p */
    size_t mark = 0;        /* where in s what follows it was tried */
    for (size_t k = 0; k < p.n;) {
        size_t literal = k + (p.p[k] == '~' && k + 1 < p.n);
        if (p.p[k] == '*') {
            star = ++k;
            mark = i;
        } else if (i < s.n && p.p[k] == '?') {
            utf8_next(s, &i);
            k++;
        } else if (i < s.n && s.p[i] == p.p[literal]) {
            i++;
            k = literal + 1;
        } else if (star != SIZE_MAX && mark < s.n) {
            utf8_next(s, &mark);
            i = mark;
            k = star;
        } else {
            *stuck = star != SIZE_MAX;
            return false;
        }
    }
    return true;
}

/* SEARCH(part, text, start): FIND without case, with wildcards. */
static struct val fn_search(struct run *r, const struct node *n, const struct val *args)
{
    struct str part = map_case(r, text(args, 0), fx_lower);
    struct str s = map_case(r, text(args, 1), fx_lower);
    size_t from = 1;
    bool stuck = false;
    if (str_findc(part, '?') < 0 && str_findc(part, '*') < 0 && str_findc(part, '~') < 0) {
        return find(r, n, part, s, args);
    }
    if ((n->nargs > 2 && !whole(r, n, args, 2, 1, &from)) ||
        !fx_steps(r, 1 + part.n / 8 * (1 + s.n / 8))) {
        return VAL_NONE;
    }
    size_t len = utf8_len(s);
    for (size_t i = utf8_offset(s, from - 1); from <= len && !stuck; from++) {
        if (glob_at(s, i, part, &stuck)) {
            return val_num((double)from);
        }
        utf8_next(s, &i);
    }
    return fx_fail(r, n, "没有找到要找的文本。", "The text was not found.");
}

/* SUBSTITUTE(text, old, new, nth) */
static struct val fn_substitute(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = text(args, 0);
    struct str old = text(args, 1);
    size_t nth = 0;
    size_t seen = 0;
    size_t from = 0;
    struct strb out;
    if (n->nargs > 3 && !whole(r, n, args, 3, 1, &nth)) {
        return VAL_NONE;
    }
    strb_init(&out, r->env->a);
    while (old.n > 0 && out.n <= FX_MAX_RESULT) {
        ptrdiff_t at = str_find(s, old, from);
        if (at < 0) {
            break;
        }
        seen++;
        strb_add(&out, str_sub(s, from, (size_t)at - from));
        strb_add(&out, nth == 0 || seen == nth ? text(args, 2) : old);
        from = (size_t)at + old.n;
    }
    strb_add(&out, str_sub(s, from, s.n));
    return fx_text_result(r, n, strb_str(&out));
}

/* REPLACE(text, start, n, new) */
static struct val fn_replace(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = text(args, 0);
    struct strb out;
    size_t from = 0;
    size_t k = 0;
    if (!whole(r, n, args, 1, 1, &from) || !whole(r, n, args, 2, 0, &k)) {
        return VAL_NONE;
    }
    strb_init(&out, r->env->a);
    strb_add(&out, slice(s, 0, from - 1));
    strb_add(&out, text(args, 3));
    size_t end = utf8_offset(s, from - 1 + k);
    strb_add(&out, str_sub(s, end, s.n));
    return fx_text_result(r, n, strb_str(&out));
}

/* Spaces at both ends go, runs of spaces inside become one. */
static struct val fn_trim(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = text(args, 0);
    char *out = arena_alloc(r->env->a, s.n);
    size_t len = 0;
    (void)n;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != ' ' || (len > 0 && out[len - 1] != ' ')) {
            out[len++] = s.p[i];
        }
    }
    len -= len > 0 && out[len - 1] == ' ';
    return val_text((struct str){out, len});
}

static struct val fn_rept(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = text(args, 0);
    size_t k = 0;
    struct strb out;
    if (!whole(r, n, args, 1, 0, &k)) {
        return VAL_NONE;
    }
    strb_init(&out, r->env->a);
    while (k-- > 0 && s.n > 0 && out.n <= FX_MAX_RESULT) {
        strb_add(&out, s);
    }
    return fx_text_result(r, n, strb_str(&out));
}

/* Joins arguments from `first` on, lists item by item. */
static struct val concat(struct run *r, const struct node *n, const struct val *args,
                         uint32_t first, struct str sep, bool skip_blank)
{
    struct strb out;
    bool some = false;
    strb_init(&out, r->env->a);
    for (uint32_t i = first; i < n->nargs; i++) {
        bool list = args[i].kind == VAL_LIST;
        uint32_t count = list ? args[i].n : !n->args[i]->type.list;
        for (uint32_t k = 0; k < count && out.n <= FX_MAX_RESULT; k++) {
            const struct val *v = list ? &args[i].list[k] : &args[i];
            struct str s = fx_to_text(r, *v);
            if (s.n == 0 && skip_blank) {
                continue;
            }
            if (some) {
                strb_add(&out, sep);
            }
            some = true;
            strb_add(&out, s);
        }
    }
    return fx_text_result(r, n, strb_str(&out));
}

static struct val fn_concat(struct run *r, const struct node *n, const struct val *args)
{
    return concat(r, n, args, 0, STR_NONE, false);
}

static struct val fn_textjoin(struct run *r, const struct node *n, const struct val *args)
{
    return concat(r, n, args, 2, text(args, 0), fx_to_bool(args[1]));
}

static struct val fn_exact(struct run *r, const struct node *n, const struct val *args)
{
    (void)r;
    (void)n;
    return val_bool(str_eq(text(args, 0), text(args, 1)));
}

static struct val fn_startswith(struct run *r, const struct node *n, const struct val *args)
{
    (void)r;
    (void)n;
    return val_bool(str_starts(text(args, 0), text(args, 1)));
}

static struct val fn_endswith(struct run *r, const struct node *n, const struct val *args)
{
    (void)r;
    (void)n;
    return val_bool(str_ends(text(args, 0), text(args, 1)));
}

/* "1,234.50", "50%", "¥12": a number, as people write it. */
static struct val fn_value(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = str_trim(text(args, 0));
    struct strb digits;
    double x = 0;
    bool percent = str_ends(s, STR("%"));
    if (fx_is_num(args[0]) || fx_blank(args[0])) {
        return val_num(fx_to_num(args[0]));
    }
    s = percent ? str_trim(str_sub(s, 0, s.n - 1)) : s;
    s = str_starts(s, STR("¥"))    ? str_sub(s, 2, s.n)
        : str_starts(s, STR("￥")) ? str_sub(s, 3, s.n)
                                   : s;
    strb_init(&digits, r->env->a);
    for (size_t i = 0; i < s.n && s.n <= 400; i++) {
        bool comma = s.p[i] == ',' && i > 0 && i + 3 < s.n;
        if (!comma) {
            strb_addc(&digits, s.p[i]);
        }
    }
    if (!num_parse(strb_str(&digits), &x)) {
        return fx_fail(r, n, "文本不是数值。", "The text is no number.");
    }
    return fx_num_result(r, n, percent ? x / 100 : x);
}

static struct val fn_char(struct run *r, const struct node *n, const struct val *args)
{
    double x = fx_trunc(fx_to_num(args[0]));
    double most = str_eqz(str_of(n->fn->name), "CHAR") ? 255 : 0x10FFFF;
    struct strb out;
    if (x < 1 || x > most || (x >= 0xD800 && x < 0xE000)) {
        return fx_fail(r, n, "没有这个编码的字符。", "There is no character of this code.");
    }
    strb_init(&out, r->env->a);
    strb_addu(&out, (uint32_t)x);
    return val_text(strb_str(&out));
}

static struct val fn_code(struct run *r, const struct node *n, const struct val *args)
{
    struct str s = text(args, 0);
    size_t pos = 0;
    if (s.n == 0) {
        return fx_fail(r, n, "文本是空的。", "The text is empty.");
    }
    return val_num(utf8_next(s, &pos));
}

static struct val fn_fixed(struct run *r, const struct node *n, const struct val *args)
{
    double d = n->nargs > 1 ? fx_trunc(fx_to_num(args[1])) : 2;
    bool plain = n->nargs > 2 && fx_to_bool(args[2]);
    return fx_text_result(r, n,
                          fx_format_fixed(r->env->a, fx_to_num(args[0]),
                                          (int)(d < -20  ? -20
                                                : d > 20 ? 20
                                                         : d),
                                          !plain));
}

static struct val fn_text(struct run *r, const struct node *n, const struct val *args)
{
    struct civil c;
    struct str format = text(args, 1);
    struct str out = STR_NONE;
    if (fx_blank(args[0]) && n->args[0]->type.base != FX_NUM) {
        return VAL_NONE;
    }
    if (args[0].kind == VAL_DATE || args[0].kind == VAL_TIME || args[0].kind == VAL_INSTANT) {
        fx_local(r, args[0], &c);
        out = fx_format_date(r->env->a, &c, format);
    } else if (fx_is_num(args[0]) || fx_blank(args[0])) {
        if (!fx_format_number(r->env->a, fx_to_num(args[0]), format, &out)) {
            return fx_fail(r, n, "数值格式写法不对。", "The number format is malformed.");
        }
    } else {
        out = fx_to_text(r, args[0]);
    }
    return fx_text_result(r, n, out);
}

static struct val fn_rmbcap(struct run *r, const struct node *n, const struct val *args)
{
    int64_t units;
    if (fx_blank(args[0])) {
        return VAL_NONE;
    }
    if (!num_to_dec(fx_to_num(args[0]), 2, &units)) {
        return fx_fail(r, n, "金额太大。", "The amount is too large.");
    }
    return val_text(fx_format_rmb(r->env->a, units));
}

static struct val fn_matches(struct run *r, const struct node *n, const struct val *args)
{
    struct str pattern = text(args, 1);
    struct str s = text(args, 0);
    if (!fx_steps(r, 1 + pattern.n / 8 * (1 + s.n / 8))) {
        return VAL_NONE;
    }
    int got = fx_match(r->env->a, pattern, s);
    if (got < 0) {
        return fx_fail(r, n, "匹配模式写法不对或太长。", "The pattern is malformed or too long.");
    }
    return val_bool(got == 1);
}

#define K .flags = FN_KNOWN

static const struct fn rows[] = {
    {.name = "CHAR",
     .sig = "n>t",
     .call = fn_char,
     FX_DOC("CHAR(code)", "text", "编码 1–255 的字符。", "The character of a code from 1 to 255.",
            "CHAR(65) -> \"A\"")},
    {.name = "CODE",
     .sig = "t>n",
     .call = fn_code,
     FX_DOC("CODE(text)", "text", "第一个字符的编码。", "The code of the first character.",
            "CODE(\"A\") -> 65")},
    {.name = "CONCAT",
     .sig = "XX*>t",
     .call = fn_concat,
     .flags = FN_NAMES,
     FX_DOC("CONCAT(a, b, …)", "text", "连接文本和列表。", "Joins texts and lists.",
            "CONCAT(\"a\", 1, [\"b\", \"c\"]) -> \"a1bc\"")},
    {.name = "CONCATENATE",
     .sig = "XX*>t",
     .call = fn_concat,
     .flags = FN_NAMES,
     FX_DOC("CONCATENATE(a, b, …)", "text", "同 CONCAT。", "The same as CONCAT.",
            "CONCATENATE(\"a\", \"b\") -> \"ab\"")},
    {.name = "ENDSWITH",
     .sig = "tt>b",
     .call = fn_endswith,
     K,
     FX_SQL(NULL, "CASE WHEN right({0t}, length({1t})) = {1t} THEN 1 ELSE 0 END")
         FX_DOC("ENDSWITH(text, end)", "text", "是否以某文本结尾。", "Whether a text ends so.",
                "ENDSWITH(\"abc\", \"bc\") -> true")},
    {.name = "EXACT",
     .sig = "tt>b",
     .call = fn_exact,
     K,
     FX_SQL(NULL, "CASE WHEN {0t} = {1t} THEN 1 ELSE 0 END")
         FX_DOC("EXACT(a, b)", "text", "两个文本是否完全相同。", "Whether two texts are the same.",
                "EXACT(\"a\", \"A\") -> false")},
    {.name = "FIND",
     .sig = "tt?n>n",
     .call = fn_find,
     FX_DOC("FIND(part, text, start)", "text", "part 在 text 中的位置，区分大小写。",
            "Where part is in text, minding case.",
            "FIND(\"c\", \"abc\") -> 3\nFIND(\"x\", \"abc\") -> null")},
    {.name = "FIXED",
     .sig = "n?nb>t",
     .call = fn_fixed,
     FX_DOC("FIXED(x, decimals, no_commas)", "text", "固定小数位的文本（默认 2 位，带千分位）。",
            "A number as text with fixed decimals (2) and thousands separators.",
            "FIXED(1234.567, 1) -> \"1,234.6\"\nFIXED(1234.5, 2, TRUE) -> \"1234.50\"")},
    {.name = "LEFT",
     .sig = "t?n>t",
     .call = fn_left,
     FX_DOC("LEFT(text, n)", "text", "开头的 n 个字符（默认 1）。", "The first n characters (1).",
            "LEFT(\"公司名称\", 2) -> \"公司\"")},
    {.name = "LEN",
     .sig = "t>n",
     .call = fn_len,
     K,
     FX_SQL(NULL, "length({0t})::float8")
         FX_DOC("LEN(text)", "text", "字符个数。", "How many characters.", "LEN(\"公司a\") -> 3")},
    {.name = "LOWER",
     .sig = "t>t",
     .call = fn_lower,
     FX_DOC("LOWER(text)", "text", "转成小写。", "In lower case.", "LOWER(\"AbC\") -> \"abc\"")},
    {.name = "MATCHES",
     .sig = "tt>b",
     .call = fn_matches,
     FX_DOC("MATCHES(text, pattern)", "text", "整个文本是否符合模式（正则表达式的子集）。",
            "Whether the whole text matches a pattern (a subset of regular expressions).",
            "MATCHES(\"13800138000\", \"1[3-9]\\d{9}\") -> true\nMATCHES(\"ab\", \"a\") -> false")},
    {.name = "MID",
     .sig = "tnn>t",
     .call = fn_mid,
     FX_DOC("MID(text, start, n)", "text", "从第 start 个起的 n 个字符。",
            "n characters from position start.", "MID(\"abcdef\", 2, 3) -> \"bcd\"")},
    {.name = "PROPER",
     .sig = "t>t",
     .call = fn_proper,
     FX_DOC("PROPER(text)", "text", "每个单词首字母大写。", "Each word with a capital.",
            "PROPER(\"john o'neil\") -> \"John O'Neil\"")},
    {.name = "REPLACE",
     .sig = "tnnt>t",
     .call = fn_replace,
     FX_DOC("REPLACE(text, start, n, new)", "text", "用 new 换掉从 start 起的 n 个字符。",
            "Puts new in place of n characters from start.",
            "REPLACE(\"abcd\", 2, 2, \"X\") -> \"aXd\"")},
    {.name = "REPT",
     .sig = "tn>t",
     .call = fn_rept,
     FX_DOC("REPT(text, n)", "text", "重复 n 次。", "The text n times.",
            "REPT(\"ab\", 2) -> \"abab\"")},
    {.name = "RIGHT",
     .sig = "t?n>t",
     .call = fn_right,
     FX_DOC("RIGHT(text, n)", "text", "末尾的 n 个字符（默认 1）。", "The last n characters (1).",
            "RIGHT(\"abc\", 2) -> \"bc\"")},
    {.name = "RMBCAP",
     .sig = "n>t",
     .call = fn_rmbcap,
     FX_DOC("RMBCAP(amount)", "text", "人民币大写金额。", "An amount of money in Chinese capitals.",
            "RMBCAP(10.05) -> \"壹拾元零伍分\"\nRMBCAP(1234.5) -> "
            "\"壹仟贰佰叁拾肆元伍角\"\nRMBCAP(100) -> "
            "\"壹佰元整\"")},
    {.name = "SEARCH",
     .sig = "tt?n>n",
     .call = fn_search,
     FX_DOC("SEARCH(part, text, start)", "text",
            "part 在 text 中的位置，不区分大小写；? 代表一个字符，* 代表任意多个，~ "
            "后面的字符按原样找。",
            "Where part is in text, whatever the case; ? is any character, * any number of them, ~ "
            "takes the next as it is.",
            "SEARCH(\"C\", \"abc\") -> 3\nSEARCH(\"b*d\", \"abcd\") -> 2")},
    {.name = "STARTSWITH",
     .sig = "tt>b",
     .call = fn_startswith,
     K,
     FX_SQL(NULL, "CASE WHEN starts_with({0t}, {1t}) THEN 1 ELSE 0 END")
         FX_DOC("STARTSWITH(text, start)", "text", "是否以某文本开头。",
                "Whether a text starts so.", "STARTSWITH(\"abc\", \"ab\") -> true")},
    {.name = "SUBSTITUTE",
     .sig = "ttt?n>t",
     .call = fn_substitute,
     FX_DOC("SUBSTITUTE(text, old, new, nth)", "text", "把 old 都（或第 nth 个）换成 new。",
            "Puts new in place of every (or the nth) old.",
            "SUBSTITUTE(\"a-b-c\", \"-\", \"+\") -> \"a+b+c\"\nSUBSTITUTE(\"a-b-c\", \"-\", \"+\", "
            "2) -> "
            "\"a-b+c\"")},
    {.name = "TEXT",
     .sig = "xt>t",
     .call = fn_text,
     .flags = FN_ENV | FN_NAMES,
     FX_DOC("TEXT(x, format)", "text", "按格式把数值或日期写成文本。",
            "A number or date as text in a format.",
            "TEXT(1234.5, \"#,##0.00\") -> \"1,234.50\"\nTEXT(0.256, \"0.0%\") -> \"25.6%\"\n"
            "TEXT(DATE(2026, 3, 5), \"yyyy年m月d日\") -> \"2026年3月5日\"")},
    {.name = "TEXTJOIN",
     .sig = "tbXX*>t",
     .call = fn_textjoin,
     .flags = FN_NAMES,
     FX_DOC("TEXTJOIN(separator, skip_blank, a, …)", "text", "用分隔符连接文本和列表。",
            "Joins texts and lists with a separator.",
            "TEXTJOIN(\"-\", TRUE, [\"a\", BLANK, \"b\"], \"c\") -> \"a-b-c\"")},
    {.name = "TRIM",
     .sig = "t>t",
     .call = fn_trim,
     FX_DOC("TRIM(text)", "text", "去掉首尾空格，中间的连续空格留一个。",
            "Without spaces at the ends and with single ones inside.",
            "TRIM(\"  a  b \") -> \"a b\"")},
    {.name = "UNICHAR",
     .sig = "n>t",
     .call = fn_char,
     FX_DOC("UNICHAR(code)", "text", "Unicode 编码的字符。", "The character of a Unicode code.",
            "UNICHAR(20013) -> \"中\"")},
    {.name = "UNICODE",
     .sig = "t>n",
     .call = fn_code,
     FX_DOC("UNICODE(text)", "text", "第一个字符的 Unicode 编码。",
            "The Unicode code of the first character.", "UNICODE(\"中\") -> 20013")},
    {.name = "UPPER",
     .sig = "t>t",
     .call = fn_upper,
     FX_DOC("UPPER(text)", "text", "转成大写。", "In upper case.", "UPPER(\"abc\") -> \"ABC\"")},
    {.name = "VALUE",
     .sig = "v>n",
     .call = fn_value,
     FX_DOC("VALUE(text)", "text", "把文本转成数值。", "A text as a number.",
            "VALUE(\"1,234.5\") -> 1234.5\nVALUE(\"12%\") -> 0.12\nVALUE(\"abc\") -> null")},
};

const struct fn_table fx_fns_text = {rows, ARRAY_LEN(rows)};
