/*
 * Characters to tokens with byte positions. Keywords and operator words are recognised here;
 * everything that starts with a letter and is none of them is a name.
 */
#include "engine/formula/fx_int.h"

#include "engine/base/utf8.h"

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

struct op_word {
    const char *word;
    enum op op;
};

static const struct op_word op_words[] = {
    {"or", OP_OR}, {"and", OP_AND}, {"not", OP_NOT}, {"in", OP_IN}, {"contains", OP_CONTAINS}};

static const char *const op_names[] = {"",   "OR", "AND", "NOT", "=",        "<>", "<",
                                       "<=", ">",  ">=",  "IN",  "CONTAINS", "&",  "+",
                                       "-",  "*",  "/",   "-",   "%",        "^"};

const char *fx_op_name(enum op op)
{
    return op_names[op];
}

#define tok_error(t, end, zh, en) tok_error_((t), (end), FX_SAY(zh), FX_SAY(en))

static struct token tok_error_(struct token t, size_t end, const char *zh, const char *en)
{
    t.kind = TOK_ERROR;
    t.end = (uint32_t)end;
    t.zh = zh;
    t.en = en;
    return t;
}

static size_t skip_digits(struct str s, size_t i)
{
    while (i < s.n && is_digit((unsigned char)s.p[i])) {
        i++;
    }
    return i;
}

static struct token lex_number(struct str s, size_t *pos, struct token t)
{
    size_t i = skip_digits(s, *pos);
    if (i < s.n && s.p[i] == '.') {
        i = skip_digits(s, i + 1);
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        size_t j = i + 1;
        if (j < s.n && (s.p[j] == '+' || s.p[j] == '-')) {
            j++;
        }
        if (j < s.n && is_digit((unsigned char)s.p[j])) {
            i = skip_digits(s, j);
        }
    }
    *pos = i;
    if (i < s.n && is_letter((unsigned char)s.p[i])) {
        return tok_error(t, i + 1, "数字后面不能直接跟字母。", "A letter cannot follow a number.");
    }
    t.kind = TOK_NUM;
    t.end = (uint32_t)i;
    return t;
}

static struct token lex_text(struct str s, size_t *pos, struct token t)
{
    size_t i = *pos + 1;
    while (i < s.n) {
        if (s.p[i] != '"') {
            i++;
        } else if (i + 1 < s.n && s.p[i + 1] == '"') {
            i += 2;
        } else {
            *pos = i + 1;
            t.kind = TOK_TEXT;
            t.end = (uint32_t)*pos;
            return t;
        }
    }
    *pos = s.n;
    return tok_error(t, s.n, "文本缺少结尾的引号。", "The text has no closing quote.");
}

static struct token lex_name(struct str s, size_t *pos, struct token t)
{
    size_t i = *pos;
    while (i < s.n && (is_letter((unsigned char)s.p[i]) || is_digit((unsigned char)s.p[i]))) {
        i++;
    }
    struct str word = {s.p + *pos, i - *pos};
    *pos = i;
    t.kind = TOK_NAME;
    t.end = (uint32_t)i;
    if (word.n == 2 || word.n == 3 || word.n == 8) {
        for (size_t k = 0; k < ARRAY_LEN(op_words); k++) {
            if (str_ieq(word, str_of(op_words[k].word))) {
                t.kind = TOK_OP;
                t.op = (uint8_t)op_words[k].op;
            }
        }
    }
    return t;
}

/* Operators of two characters first; 0 when there is none here. */
static enum op symbol(struct str s, size_t i, size_t *len)
{
    char c = s.p[i];
    char d = i + 1 < s.n ? s.p[i + 1] : 0;
    *len = 2;
    switch (c) {
    case '<':
        if (d == '=' || d == '>') {
            return d == '=' ? OP_LE : OP_NE;
        }
        break;
    case '>':
        if (d == '=') {
            return OP_GE;
        }
        break;
    case '=': *len = d == '=' ? 2 : 1; return OP_EQ;
    case '!': return d == '=' ? OP_NE : OP_NONE;
    default: break;
    }
    *len = 1;
    switch (c) {
    case '<': return OP_LT;
    case '>': return OP_GT;
    case '&': return OP_CAT;
    case '+': return OP_ADD;
    case '-': return OP_SUB;
    case '*': return OP_MUL;
    case '/': return OP_DIV;
    case '%': return OP_PCT;
    case '^': return OP_POW;
    default: return OP_NONE;
    }
}

struct wide_char {
    uint32_t cp;
    const char *zh, *en;
};

/* What Chinese input methods put in place of the ASCII character. */
#ifndef FX_QUIET
static const struct wide_char wide_chars[] = {
    {0xFF08, "这里是全角的“（”，请改用半角的“(”。", "A full-width “（”: use “(”."},
    {0xFF09, "这里是全角的“）”，请改用半角的“)”。", "A full-width “）”: use “)”."},
    {0xFF0C, "这里是全角的“，”，请改用半角的“,”。", "A full-width “，”: use “,”."},
    {0xFF1E, "这里是全角的“＞”，请改用半角的“>”。", "A full-width “＞”: use “>”."},
    {0xFF1C, "这里是全角的“＜”，请改用半角的“<”。", "A full-width “＜”: use “<”."},
    {0xFF1D, "这里是全角的“＝”，请改用半角的“=”。", "A full-width “＝”: use “=”."},
    {0xFF0B, "这里是全角的“＋”，请改用半角的“+”。", "A full-width “＋”: use “+”."},
    {0xFF0D, "这里是全角的“－”，请改用半角的“-”。", "A full-width “－”: use “-”."},
    {0xFF06, "这里是全角的“＆”，请改用半角的“&”。", "A full-width “＆”: use “&”."},
    {0xFF0F, "这里是全角的“／”，请改用半角的“/”。", "A full-width “／”: use “/”."},
    {0xFF0A, "这里是全角的“＊”，请改用半角的“*”。", "A full-width “＊”: use “*”."},
    {0xFF05, "这里是全角的“％”，请改用半角的“%”。", "A full-width “％”: use “%”."},
    {0x3010, "这里是全角的“【”，请改用半角的“[”。", "A full-width “【”: use “[”."},
    {0x3011, "这里是全角的“】”，请改用半角的“]”。", "A full-width “】”: use “]”."},
    {0x3001, "这里是顿号，请改用半角的“,”。", "A Chinese enumeration comma: use “,”."},
    {0x201C, "这里是中文引号，请改用半角的双引号。",
     "A curly quote: use the straight double quote."},
    {0x201D, "这里是中文引号，请改用半角的双引号。",
     "A curly quote: use the straight double quote."},
    {0xFF02, "这里是中文引号，请改用半角的双引号。",
     "A curly quote: use the straight double quote."},
    {0x00D7, "乘号请写成“*”。", "Write “*” to multiply."},
    {0x00F7, "除号请写成“/”。", "Write “/” to divide."},
    {0x2264, "请写成“<=”。", "Write “<=”."},
    {0x2265, "请写成“>=”。", "Write “>=”."},
    {0x2260, "请写成“<>”。", "Write “<>”."},
    {'\'', "文本要用双引号括起来。", "A text is put in double quotes."},
    {';', "参数之间用逗号分隔。", "Arguments are separated by commas."}};
#endif

static struct token lex_other(struct str s, size_t *pos, struct token t)
{
    size_t i = *pos;
    uint32_t cp = utf8_next(s, &i);
    *pos = i;
#ifndef FX_QUIET
    for (size_t k = 0; k < ARRAY_LEN(wide_chars); k++) {
        if (wide_chars[k].cp == cp) {
            return tok_error_(t, i, wide_chars[k].zh, wide_chars[k].en);
        }
    }
#endif
    if (cp >= 0x80) {
        return tok_error(t, i, "这里要用字段的键（小写英文），不是标题；文本要放在双引号里。",
                         "Names are field keys, not titles; a text is put in double quotes.");
    }
    return tok_error(t, i, "这里有一个公式不认识的字符。", "This character has no meaning here.");
}

struct token fx_lex(struct str s, size_t *pos)
{
    size_t i = *pos;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\t' || s.p[i] == '\r')) {
        i++;
    }
    *pos = i;
    struct token t = {.kind = TOK_END, .pos = (uint32_t)i, .end = (uint32_t)i};
    if (i >= s.n) {
        return t;
    }
    unsigned char c = (unsigned char)s.p[i];
    if (is_letter(c)) {
        return lex_name(s, pos, t);
    }
    if (is_digit(c) || (c == '.' && i + 1 < s.n && is_digit((unsigned char)s.p[i + 1]))) {
        return lex_number(s, pos, t);
    }
    if (c == '"') {
        return lex_text(s, pos, t);
    }
    size_t len = 1;
    enum op op = symbol(s, i, &len);
    if (op != OP_NONE || c == '(' || c == ')' || c == '[' || c == ']' || c == ',' || c == '.') {
        *pos = i + len;
        t.kind = op != OP_NONE ? TOK_OP : TOK_PUNCT;
        t.op = (uint8_t)op;
        t.c = (char)c;
        t.end = (uint32_t)*pos;
        return t;
    }
    return lex_other(s, pos, t);
}
