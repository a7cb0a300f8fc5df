/*
 * A tokenizer over tags, and an allow-list. It is no HTML parser: whatever is not plainly one of
 * the tags below is written as text, and every tag is written anew, so nothing of the input's own
 * markup reaches the output.
 */
#include "engine/value/html.h"

#include "engine/base/strb.h"

#define DEPTH_MAX 64
#define ATTRS_MAX 32
#define TAG_MAX   8192 /* bytes; what is longer, or holds a "<", is text */

enum kind { KEEP, VOID, DROP /* with what is in it */ };

struct element {
    struct str name;
    enum kind kind;
    const char *attrs; /* " href title " */
};

static const struct element ELEMENTS[] = {
    {STR("p"), KEEP, ""},
    {STR("br"), VOID, ""},
    {STR("hr"), VOID, ""},
    {STR("b"), KEEP, ""},
    {STR("strong"), KEEP, ""},
    {STR("i"), KEEP, ""},
    {STR("em"), KEEP, ""},
    {STR("u"), KEEP, ""},
    {STR("s"), KEEP, ""},
    {STR("del"), KEEP, ""},
    {STR("ins"), KEEP, ""},
    {STR("mark"), KEEP, ""},
    {STR("sub"), KEEP, ""},
    {STR("sup"), KEEP, ""},
    {STR("small"), KEEP, ""},
    {STR("h1"), KEEP, ""},
    {STR("h2"), KEEP, ""},
    {STR("h3"), KEEP, ""},
    {STR("h4"), KEEP, ""},
    {STR("h5"), KEEP, ""},
    {STR("h6"), KEEP, ""},
    {STR("ul"), KEEP, ""},
    {STR("ol"), KEEP, ""},
    {STR("li"), KEEP, ""},
    {STR("blockquote"), KEEP, ""},
    {STR("pre"), KEEP, ""},
    {STR("code"), KEEP, ""},
    {STR("div"), KEEP, ""},
    {STR("span"), KEEP, ""},
    {STR("table"), KEEP, ""},
    {STR("thead"), KEEP, ""},
    {STR("tbody"), KEEP, ""},
    {STR("tr"), KEEP, ""},
    {STR("th"), KEEP, " colspan rowspan "},
    {STR("td"), KEEP, " colspan rowspan "},
    {STR("a"), KEEP, " href title "},
    {STR("img"), VOID, " src alt width height "},
    {STR("script"), DROP, ""},
    {STR("style"), DROP, ""},
    {STR("iframe"), DROP, ""},
    {STR("object"), DROP, ""},
    {STR("noscript"), DROP, ""},
    {STR("noembed"), DROP, ""},
    {STR("noframes"), DROP, ""},
    {STR("template"), DROP, ""},
    {STR("textarea"), DROP, ""},
    {STR("title"), DROP, ""},
    {STR("select"), DROP, ""},
    {STR("xmp"), DROP, ""},
    {STR("svg"), DROP, ""},
    {STR("math"), DROP, ""},
    {STR("head"), DROP, ""},
};

struct attr {
    struct str name, value;
};

struct tag {
    struct str name; /* as written */
    bool close;
    struct attr attrs[ATTRS_MAX];
    size_t n;
};

struct cleaner {
    struct arena *a;
    struct str s;
    size_t pos;
    struct strb out;
    const struct element *open[DEPTH_MAX];
    size_t depth;
};

static const struct element *element_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(ELEMENTS); i++)
        if (str_ieq(ELEMENTS[i].name, name))
            return &ELEMENTS[i];
    return NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* ---- tags ---- */

static struct str read_word(struct str s, size_t *at)
{
    size_t from = *at;
    while (*at < s.n && is_word(s.p[*at]))
        (*at)++;
    return str_sub(s, from, *at - from);
}

static void skip_space(struct str s, size_t *at)
{
    while (*at < s.n && (is_space(s.p[*at]) || s.p[*at] == '/'))
        (*at)++;
}

static struct str read_value(struct str s, size_t *at)
{
    while (*at < s.n && is_space(s.p[*at]))
        (*at)++;
    char quote = *at < s.n ? s.p[*at] : 0;
    size_t from = *at;
    if (quote == '"' || quote == '\'') {
        from = ++*at;
        while (*at < s.n && s.p[*at] != quote)
            (*at)++;
        struct str v = str_sub(s, from, *at - from);
        *at += *at < s.n;
        return v;
    }
    while (*at < s.n && !is_space(s.p[*at]) && s.p[*at] != '>')
        (*at)++;
    return str_sub(s, from, *at - from);
}

static void read_attr(struct str s, size_t *at, struct tag *t)
{
    struct attr attr = {.name = read_word(s, at)};
    if (!attr.name.n) {
        (*at)++; /* a stray quote, say */
        return;
    }
    size_t ahead = *at;
    while (ahead < s.n && is_space(s.p[ahead]))
        ahead++;
    if (ahead < s.n && s.p[ahead] == '=') {
        *at = ahead + 1;
        attr.value = read_value(s, at);
    }
    if (t->n < ATTRS_MAX)
        t->attrs[t->n++] = attr;
}

/* A whole tag at `pos`, where a "<" stands: false when it is text. *end is behind it. */
static bool read_tag(struct str s, size_t pos, struct tag *t, size_t *end)
{
    size_t at = pos + 1;
    t->n = 0;
    t->close = at < s.n && s.p[at] == '/';
    at += t->close;
    if (at >= s.n || !is_letter(s.p[at]))
        return false;
    t->name = read_word(s, &at);
    size_t stop = MIN(s.n, pos + TAG_MAX);
    for (skip_space(s, &at); at < stop && s.p[at] != '>' && s.p[at] != '<'; skip_space(s, &at))
        read_attr(s, &at, t);
    *end = at + 1;
    return at < stop && s.p[at] == '>';
}

/* Comments, doctypes, processing instructions: 0 when it is none. */
static size_t skip_comment(struct str s, size_t pos)
{
    struct str rest = str_sub(s, pos, s.n);
    bool comment = str_starts(rest, STR("<!--"));
    if (!comment && !str_starts(rest, STR("<!")) && !str_starts(rest, STR("<?")))
        return 0;
    ptrdiff_t end = str_find(s, comment ? STR("-->") : STR(">"), pos + (comment ? 4 : 1));
    return end < 0 ? s.n : (size_t)end + (comment ? 3 : 1);
}

/* ---- text ---- */

/* Bytes of a character reference at the "&" that begins s: &amp; &#20320; &#x4f60;  0: none. */
static size_t reference(struct str s)
{
    size_t n = 1;
    if (n < s.n && s.p[n] == '#')
        n++;
    while (n < s.n && n < 12 && (is_letter(s.p[n]) || (s.p[n] >= '0' && s.p[n] <= '9')))
        n++;
    return n > 2 && n < s.n && s.p[n] == ';' ? n + 1 : 0;
}

static void add_escaped(struct strb *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t ref = s.p[i] == '&' ? reference(str_sub(s, i, s.n)) : 0;
        if (ref) {
            strb_add(out, str_sub(s, i, ref));
            i += ref - 1;
        } else if (s.p[i] == '&') {
            strb_addz(out, "&amp;");
        } else if (s.p[i] == '<') {
            strb_addz(out, "&lt;");
        } else if (s.p[i] == '>') {
            strb_addz(out, "&gt;");
        } else if (s.p[i] == '"') {
            strb_addz(out, "&quot;");
        } else if ((unsigned char)s.p[i] >= ' ' || is_space(s.p[i])) {
            strb_addc(out, s.p[i]);
        }
    }
}

/* ---- attributes ---- */

/* An address is good when it begins as one of these, letter for letter: no reference, no blank and
 * no scheme can hide before it. */
static bool good_link(struct str v, bool image)
{
    static const char *const links[] = {"https://", "http://", "mailto:", "tel:"};
    for (size_t i = 0; !image && i < ARRAY_LEN(links); i++) {
        struct str start = str_of(links[i]);
        if (str_ieq(str_sub(v, 0, start.n), start))
            return true;
    }
    if (image)
        return str_starts(v, STR("/api/v1/files/")) && str_find(v, STR(".."), 0) < 0;
    return v.n &&
           (v.p[0] == '#' || (v.p[0] == '/' && (v.n == 1 || (v.p[1] != '/' && v.p[1] != '\\'))));
}

static bool good_number(struct str v)
{
    int64_t n;
    return str_int(v, 1, 9999, &n);
}

static bool good_attr(const struct element *e, const struct attr *attr)
{
    char word[16];
    size_t n = attr->name.n;
    if (n + 3 > sizeof word)
        return false;
    word[0] = word[n + 1] = ' ';
    for (size_t i = 0; i < n; i++)
        word[i + 1] = attr->name.p[i] | 0x20;
    if (str_find(str_of(e->attrs), (struct str){word, n + 2}, 0) < 0)
        return false;
    struct str name = {word + 1, n};
    if (str_eqz(name, "href") || str_eqz(name, "src"))
        return good_link(attr->value, str_eqz(name, "src"));
    return str_eqz(name, "title") || str_eqz(name, "alt") || good_number(attr->value);
}

static void open_tag(struct cleaner *c, const struct element *e, const struct tag *t)
{
    strb_addc(&c->out, '<');
    strb_add(&c->out, e->name);
    for (size_t i = 0; i < t->n; i++) {
        bool twice = false;
        for (size_t k = 0; k < i && !twice; k++)
            twice = str_ieq(t->attrs[k].name, t->attrs[i].name);
        if (twice || !good_attr(e, &t->attrs[i]))
            continue;
        strb_addc(&c->out, ' ');
        for (size_t k = 0; k < t->attrs[i].name.n; k++)
            strb_addc(&c->out, t->attrs[i].name.p[k] | 0x20);
        strb_addz(&c->out, "=\"");
        add_escaped(&c->out, t->attrs[i].value);
        strb_addc(&c->out, '"');
    }
    if (str_eqz(e->name, "a"))
        strb_addz(&c->out, " rel=\"noopener noreferrer nofollow\"");
    strb_addc(&c->out, '>');
    if (e->kind == KEEP)
        c->open[c->depth++] = e;
}

/* ---- the walk ---- */

static void close_to(struct cleaner *c, size_t depth)
{
    while (c->depth > depth) {
        strb_addz(&c->out, "</");
        strb_add(&c->out, c->open[--c->depth]->name);
        strb_addc(&c->out, '>');
    }
}

static void close_tag(struct cleaner *c, const struct element *e)
{
    for (size_t i = c->depth; i > 0; i--) {
        if (c->open[i - 1] == e) {
            close_to(c, i - 1);
            return;
        }
    }
}

/* Behind the end tag of an element that goes with what is in it. */
static size_t behind(struct str s, size_t at, const struct element *e)
{
    struct tag t;
    size_t end;
    for (; at < s.n; at++)
        if (s.p[at] == '<' && read_tag(s, at, &t, &end) && t.close && str_ieq(t.name, e->name))
            return end;
    return s.n;
}

static void markup(struct cleaner *c)
{
    struct tag t;
    size_t end = skip_comment(c->s, c->pos);
    if (end) {
        c->pos = end;
        return;
    }
    if (!read_tag(c->s, c->pos, &t, &end)) {
        strb_addz(&c->out, "&lt;");
        c->pos++;
        return;
    }
    const struct element *e = element_of(t.name);
    c->pos = end;
    if (!e)
        return;
    if (e->kind == DROP)
        c->pos = t.close ? end : behind(c->s, end, e);
    else if (t.close)
        close_tag(c, e);
    else if (c->depth < DEPTH_MAX)
        open_tag(c, e, &t);
}

struct str html_clean(struct arena *a, struct str s)
{
    struct cleaner c = {.a = a, .s = s};
    strb_init(&c.out, a);
    while (c.pos < s.n) {
        size_t from = c.pos;
        while (c.pos < s.n && s.p[c.pos] != '<')
            c.pos++;
        add_escaped(&c.out, str_sub(s, from, c.pos - from));
        if (c.pos < s.n)
            markup(&c);
    }
    close_to(&c, 0);
    return strb_str(&c.out);
}

/* ---- text alone ---- */

static size_t unescape(struct strb *out, struct str s)
{
    static const struct {
        struct str ref;
        char c;
    } known[] = {{STR("&amp;"), '&'},  {STR("&lt;"), '<'},   {STR("&gt;"), '>'},
                 {STR("&quot;"), '"'}, {STR("&nbsp;"), ' '}, {STR("&#39;"), '\''}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_starts(s, known[i].ref)) {
            strb_addc(out, known[i].c);
            return known[i].ref.n;
        }
    strb_addc(out, s.p[0]);
    return 1;
}

struct str html_text(struct arena *a, struct str s)
{
    struct strb out;
    struct tag t;
    size_t end;
    struct str clean = html_clean(a, s);
    strb_init(&out, a);
    for (size_t i = 0; i < clean.n;) {
        if (clean.p[i] == '<' && read_tag(clean, i, &t, &end)) {
            if (out.n && !is_space(out.p[out.n - 1]) && !str_eqz(t.name, "b"))
                strb_addc(&out, ' ');
            i = end;
        } else if (clean.p[i] == '&') {
            i += unescape(&out, str_sub(clean, i, clean.n));
        } else {
            strb_addc(&out, clean.p[i++]);
        }
    }
    return str_trim(strb_str(&out));
}
