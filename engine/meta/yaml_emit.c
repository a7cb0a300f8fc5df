/*
 * Values as YAML text. Never asked for a whole file: only for what an edit puts in.
 */
#include "engine/base/utf8.h"
#include "engine/meta/edit_int.h"
#include "engine/value/json.h"
#include "engine/value/num.h"

#define LINE 88 /* a flow collection longer than this is written as a block */

/* ---- scalars ---- */

static bool special_start(struct str s)
{
    static const char *const marks = "?:,[]{}#&*!|>'\"%@`";
    if (strchr(marks, s.p[0]))
        return true;
    return s.p[0] == '-' &&
           (s.n == 1 || s.p[1] == ' ' || (s.n >= 3 && s.p[1] == '-' && s.p[2] == '-'));
}

/* Reads back as this text without quotes, in this context. */
static bool plain_ok(struct arena *a, struct str s, bool in_flow)
{
    struct yaml_node probe = {.kind = YAML_SCALAR, .text = s};
    if (!s.n || special_start(s) || s.p[0] == ' ' || s.p[s.n - 1] == ' ' || s.p[s.n - 1] == ':' ||
        str_eqz(s, "<<") || str_eqz(s, "...") || yaml_val(a, &probe).kind != VAL_TEXT)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7f || (in_flow && strchr(",[]{}", c)))
            return false;
        if (c == ':' && (i + 1 == s.n || s.p[i + 1] == ' ' || in_flow))
            return false;
        if (c == '#' && i && s.p[i - 1] == ' ')
            return false;
    }
    return true;
}

/* Code points libyaml does not take raw. */
static bool must_escape(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
           cp == 0xfffe || cp == 0xffff;
}

static bool has_special(struct str s)
{
    for (size_t pos = 0; pos < s.n;) {
        if (must_escape(utf8_next(s, &pos)))
            return true;
    }
    return false;
}

static void add_double(struct strb *b, struct str s)
{
    strb_addc(b, '"');
    for (size_t pos = 0; pos < s.n;) {
        uint32_t cp = utf8_next(s, &pos);
        if (cp == '"' || cp == '\\')
            strb_addf(b, "\\%c", (int)cp);
        else if (cp == '\n')
            strb_addz(b, "\\n");
        else if (cp == '\t')
            strb_addz(b, "\\t");
        else if (must_escape(cp))
            strb_addf(b, cp <= 0xff ? "\\x%02X" : "\\u%04X", (unsigned)cp);
        else
            strb_addu(b, cp);
    }
    strb_addc(b, '"');
}

static void add_single(struct strb *b, struct str s)
{
    strb_addc(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            strb_addc(b, '\'');
        strb_addc(b, s.p[i]);
    }
    strb_addc(b, '\'');
}

static void add_text(struct strb *b, struct str s, bool in_flow)
{
    if (has_special(s))
        add_double(b, s);
    else if (plain_ok(b->a, s, in_flow))
        strb_add(b, s);
    else if (str_findc(s, '"') < 0 && str_findc(s, '\\') < 0)
        add_double(b, s);
    else
        add_single(b, s);
}

static void add_scalar(struct strb *b, struct val v, bool in_flow)
{
    char buf[40];
    switch ((enum val_kind)v.kind) {
    case VAL_BOOL: strb_addz(b, v.b ? "true" : "false"); break;
    case VAL_NUM: strb_add(b, num_print_exact(v.num, buf)); break;
    case VAL_DEC: strb_add(b, num_print_dec(v.i, v.scale, buf)); break;
    case VAL_TEXT: add_text(b, (struct str){v.text, v.n}, in_flow); break;
    case VAL_BLANK:
    case VAL_ABSENT:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_INSTANT:
    case VAL_REF:
    case VAL_LIST:
    case VAL_OBJ: strb_addz(b, "null"); break;
    }
}

struct str emit_key(struct arena *a, struct str key, bool in_flow)
{
    struct strb b;
    strb_init(&b, a);
    add_text(&b, key, in_flow);
    return strb_str(&b);
}

/* ---- flow ---- */

static void add_flow(struct strb *b, struct val v, bool in_flow)
{
    if (v.kind == VAL_LIST) {
        strb_addc(b, '[');
        for (uint32_t i = 0; i < v.n; i++) {
            strb_addz(b, i ? ", " : "");
            add_flow(b, v.list[i], true);
        }
        strb_addc(b, ']');
    } else if (v.kind == VAL_OBJ) {
        strb_addc(b, '{');
        for (uint32_t i = 0; i < v.n; i++) {
            strb_addz(b, i ? ", " : "");
            add_text(b, v.obj[i].key, true);
            strb_addz(b, ": ");
            add_flow(b, v.obj[i].value, true);
        }
        strb_addc(b, '}');
    } else {
        add_scalar(b, v, in_flow);
    }
}

struct str emit_flow(struct arena *a, struct val v, bool in_flow)
{
    struct strb b;
    strb_init(&b, a);
    add_flow(&b, v, in_flow);
    return strb_str(&b);
}

/* ---- block ---- */

static void add_block(struct strb *b, struct val v, size_t indent);

static void add_indent(struct strb *b, size_t n)
{
    strb_addc(b, '\n');
    for (size_t i = 0; i < n; i++)
        strb_addc(b, ' ');
}

/* A text of several lines that a literal block can hold: no odd characters, no white space where it
 * would count as indentation or be lost. */
static bool literal_ok(struct val v)
{
    struct str s = {v.text, v.n}, rest = s, line;
    if (v.kind != VAL_TEXT || str_findc(s, '\n') < 0 || s.p[0] == ' ' || s.p[0] == '\n' ||
        (s.n > 1 && s.p[s.n - 1] == '\n' && s.p[s.n - 2] == '\n'))
        return false;
    while (rest.n) {
        rest = str_cut(rest, '\n', &line);
        if (has_special(line))
            return false;
    }
    return true;
}

static void add_literal(struct strb *b, struct str s, size_t indent)
{
    struct str line;
    bool ends = s.p[s.n - 1] == '\n';
    strb_addz(b, ends ? " |" : " |-");
    if (ends)
        s.n--;
    for (bool more = true; more;) {
        more = str_findc(s, '\n') >= 0;
        s = str_cut(s, '\n', &line);
        if (line.n)
            add_indent(b, indent);
        else
            strb_addc(b, '\n');
        strb_add(b, line);
    }
}

static bool collection(struct val v)
{
    return (v.kind == VAL_LIST || v.kind == VAL_OBJ) && v.n > 0;
}

static bool fits_line(struct arena *a, struct val v, size_t indent)
{
    return utf8_len(emit_flow(a, v, false)) + indent <= LINE;
}

static void add_after(struct strb *b, struct val v, size_t indent, bool prefer_block)
{
    if (literal_ok(v)) {
        add_literal(b, (struct str){v.text, v.n}, indent);
    } else if (!collection(v) || (!prefer_block && fits_line(b->a, v, indent))) {
        strb_addc(b, ' ');
        add_flow(b, v, false);
    } else {
        add_indent(b, indent);
        add_block(b, v, indent);
    }
}

static void add_block(struct strb *b, struct val v, size_t indent)
{
    for (uint32_t i = 0; i < v.n; i++) {
        if (i)
            add_indent(b, indent);
        if (v.kind == VAL_OBJ) {
            add_text(b, v.obj[i].key, false);
            strb_addc(b, ':');
            add_after(b, v.obj[i].value, indent + 2, false);
        } else if (collection(v.list[i]) && !fits_line(b->a, v.list[i], indent + 2)) {
            strb_addz(b, "- ");
            add_block(b, v.list[i], indent + 2);
        } else {
            strb_addc(b, '-');
            add_after(b, v.list[i], indent + 2, false);
        }
    }
}

struct str emit_block(struct arena *a, struct val v, size_t indent)
{
    struct strb b;
    strb_init(&b, a);
    if (collection(v))
        add_block(&b, v, indent);
    else
        add_flow(&b, v, false);
    return strb_str(&b);
}

struct str emit_after(struct arena *a, struct val v, size_t indent, bool prefer_block)
{
    struct strb b;
    strb_init(&b, a);
    add_after(&b, v, indent, prefer_block);
    return strb_str(&b);
}
