/*
 * A pattern becomes a small program with relative jumps; the text is walked once with the set of
 * places the program can be at (Thompson), so the time is text × program whatever the pattern.
 */
#include "engine/formula/fx_match.h"

#include "engine/base/utf8.h"
#include "engine/base/vec.h"

#define MAX_PROGRAM  2000
#define MAX_NEST     40
#define MAX_BRANCHES 300

enum inst_op { I_CHAR, I_ANY, I_CLASS, I_SPLIT, I_JUMP, I_BEGIN, I_END, I_MATCH };

struct inst {
    uint8_t op;
    bool negated; /* I_CLASS */
    int32_t x;    /* jump, or the first range of a class */
    int32_t y;    /* second jump, or the number of ranges */
    uint32_t cp;
};

struct range {
    uint32_t lo, hi;
};

struct compiler {
    struct arena *a;
    struct str s;
    size_t pos;
    VEC(struct inst) code;
    VEC(struct range) ranges;
    unsigned depth;
    unsigned branches;
    bool bad;
};

static void emit(struct compiler *c, struct inst i)
{
    if (c->code.n >= MAX_PROGRAM) {
        c->bad = true;
        return;
    }
    vec_push(c->a, &c->code, i);
}

/* Makes room for one instruction at `at`; jumps are relative, so what moves stays right. */
static void insert(struct compiler *c, size_t at, struct inst i)
{
    emit(c, i);
    if (c->bad) {
        return;
    }
    memmove(c->code.v + at + 1, c->code.v + at, (c->code.n - 1 - at) * sizeof(*c->code.v));
    c->code.v[at] = i;
}

static bool at_end(const struct compiler *c)
{
    return c->pos >= c->s.n;
}

static char peek(const struct compiler *c)
{
    return at_end(c) ? '\0' : c->s.p[c->pos];
}

static void add_range(struct compiler *c, uint32_t lo, uint32_t hi)
{
    vec_push(c->a, &c->ranges, ((struct range){lo, hi}));
}

/* \d \w \s: adds their ranges; false when the letter names no class. */
static bool add_named(struct compiler *c, char name)
{
    switch (name) {
    case 'd': add_range(c, '0', '9'); return true;
    case 'w':
        add_range(c, '0', '9');
        add_range(c, 'A', 'Z');
        add_range(c, 'a', 'z');
        add_range(c, '_', '_');
        return true;
    case 's':
        add_range(c, '\t', '\r');
        add_range(c, ' ', ' ');
        add_range(c, 0x3000, 0x3000);
        return true;
    default: return false;
    }
}

static struct inst class_from(struct compiler *c, size_t first, bool negated)
{
    return (struct inst){.op = I_CLASS,
                         .negated = negated,
                         .x = (int32_t)first,
                         .y = (int32_t)(c->ranges.n - first)};
}

/* After a backslash, outside a class. */
static void escape(struct compiler *c)
{
    size_t first = c->ranges.n;
    if (at_end(c)) {
        c->bad = true;
        return;
    }
    char name = peek(c);
    char lower = name >= 'A' && name <= 'Z' ? (char)(name + 32) : name;
    if (add_named(c, lower)) {
        c->pos++;
        emit(c, class_from(c, first, name != lower));
        return;
    }
    emit(c, (struct inst){.op = I_CHAR, .cp = utf8_next(c->s, &c->pos)});
}

/* One member of [ ]: a character, a range or \d; */
static void class_item(struct compiler *c)
{
    bool escaped = peek(c) == '\\';
    c->pos += escaped;
    if (at_end(c)) {
        return;
    }
    if (escaped && add_named(c, peek(c))) {
        c->pos++;
        return;
    }
    uint32_t lo = utf8_next(c->s, &c->pos);
    uint32_t hi = lo;
    if (peek(c) == '-' && c->pos + 1 < c->s.n && c->s.p[c->pos + 1] != ']') {
        c->pos++;
        c->pos += peek(c) == '\\';
        hi = at_end(c) ? lo : utf8_next(c->s, &c->pos);
    }
    c->bad = c->bad || hi < lo;
    add_range(c, lo, hi);
}

static void class(struct compiler *c)
{
    size_t first = c->ranges.n;
    bool negated = peek(c) == '^';
    c->pos += negated;
    do {
        class_item(c);
    } while (!at_end(c) && peek(c) != ']');
    c->bad = c->bad || at_end(c) || c->ranges.n > MAX_PROGRAM;
    c->pos++;
    emit(c, class_from(c, first, negated));
}

static void alternatives(struct compiler *c);

static void group(struct compiler *c)
{
    if (++c->depth > MAX_NEST) {
        c->bad = true;
        return;
    }
    if (peek(c) == '?' && c->pos + 1 < c->s.n && c->s.p[c->pos + 1] == ':') {
        c->pos += 2;
    }
    alternatives(c);
    c->bad = c->bad || peek(c) != ')';
    c->pos++;
    c->depth--;
}

static void atom(struct compiler *c)
{
    char ch = peek(c);
    switch (ch) {
    case '(':
        c->pos++;
        group(c);
        break;
    case '[':
        c->pos++;
        class(c);
        break;
    case '\\':
        c->pos++;
        escape(c);
        break;
    case '.':
        c->pos++;
        emit(c, (struct inst){.op = I_ANY});
        break;
    case '^':
    case '$':
        c->pos++;
        emit(c, (struct inst){.op = ch == '^' ? I_BEGIN : I_END});
        break;
    case '*':
    case '+':
    case '?':
    case '{': c->bad = true; break;
    default: emit(c, (struct inst){.op = I_CHAR, .cp = utf8_next(c->s, &c->pos)});
    }
}

/* A copy of code [from, from + n) at the end. */
static void copy(struct compiler *c, size_t from, size_t n)
{
    for (size_t i = 0; i < n && !c->bad; i++) {
        emit(c, c->code.v[from + i]);
    }
}

static void optional(struct compiler *c, size_t at)
{
    int32_t len = (int32_t)(c->code.n - at);
    insert(c, at, (struct inst){.op = I_SPLIT, .x = 1, .y = len + 1});
}

static void star(struct compiler *c, size_t at)
{
    int32_t len = (int32_t)(c->code.n - at);
    insert(c, at, (struct inst){.op = I_SPLIT, .x = 1, .y = len + 2});
    emit(c, (struct inst){.op = I_JUMP, .x = -(len + 1)});
}

static void plus(struct compiler *c, size_t at)
{
    int32_t len = (int32_t)(c->code.n - at);
    emit(c, (struct inst){.op = I_SPLIT, .x = -len, .y = 1});
}

static bool read_count(struct compiler *c, unsigned *out)
{
    unsigned digits = 0;
    *out = 0;
    while (peek(c) >= '0' && peek(c) <= '9' && digits < 4) {
        *out = *out * 10 + (unsigned)(peek(c) - '0');
        c->pos++;
        digits++;
    }
    return digits > 0;
}

/* {m} {m,} {m,n} applied to the code from `at`. */
static void counted(struct compiler *c, size_t at)
{
    unsigned least = 0;
    unsigned most;
    bool endless = false;
    size_t len = c->code.n - at;
    c->bad = c->bad || !read_count(c, &least);
    most = least;
    if (!c->bad && peek(c) == ',') {
        c->pos++;
        endless = !read_count(c, &most);
    }
    if (c->bad || peek(c) != '}' || (!endless && most < least)) {
        c->bad = true;
        return;
    }
    c->pos++;
    for (unsigned i = 1; i < least; i++) {
        copy(c, at, len);
    }
    size_t last = c->code.n - len;
    if (endless) {
        if (least == 0) {
            star(c, at);
        } else {
            plus(c, last);
        }
        return;
    }
    for (unsigned i = MAX(least, 1u); i < most && !c->bad; i++) {
        copy(c, at, len);
        optional(c, c->code.n - len);
    }
    if (least == 0 && most == 0) {
        c->code.n = at;
    } else if (least == 0) {
        c->bad = c->bad || c->code.n + 1 > MAX_PROGRAM;
        int32_t first = (int32_t)len;
        if (!c->bad) {
            insert(c, at, (struct inst){.op = I_SPLIT, .x = 1, .y = first + 1});
        }
    }
}

static void repeat(struct compiler *c, size_t at)
{
    switch (peek(c)) {
    case '*':
        c->pos++;
        star(c, at);
        break;
    case '+':
        c->pos++;
        plus(c, at);
        break;
    case '?':
        c->pos++;
        optional(c, at);
        break;
    case '{':
        c->pos++;
        counted(c, at);
        break;
    default: break;
    }
}

static void sequence(struct compiler *c)
{
    while (!c->bad && !at_end(c) && peek(c) != '|' && peek(c) != ')') {
        size_t at = c->code.n;
        atom(c);
        if (!c->bad) {
            repeat(c, at);
        }
    }
}

static void alternatives(struct compiler *c)
{
    size_t at = c->code.n;
    sequence(c);
    if (c->bad || peek(c) != '|') {
        return;
    }
    c->pos++;
    int32_t len = (int32_t)(c->code.n - at);
    insert(c, at, (struct inst){.op = I_SPLIT, .x = 1, .y = len + 2});
    size_t jump = c->code.n;
    emit(c, (struct inst){.op = I_JUMP});
    c->bad = c->bad || ++c->branches > MAX_BRANCHES;
    if (!c->bad) {
        alternatives(c);
    }
    if (!c->bad) {
        c->code.v[jump].x = (int32_t)(c->code.n - jump);
    }
}

/* ---- running ---- */

struct threads {
    uint32_t *at;
    size_t n;
};

struct machine {
    const struct compiler *c;
    uint32_t *mark; /* the step that last added an instruction */
    uint32_t *stack;
    uint32_t step;
};

/* Adds pc and what it leads to without reading a character. */
static void follow(struct machine *m, struct threads *t, uint32_t pc, bool begin, bool end)
{
    size_t top = 0;
    m->stack[top++] = pc;
    while (top > 0) {
        uint32_t at = m->stack[--top];
        const struct inst *i = &m->c->code.v[at];
        if (m->mark[at] == m->step) {
            continue;
        }
        m->mark[at] = m->step;
        if (i->op == I_JUMP || i->op == I_SPLIT) {
            if (i->op == I_SPLIT) {
                m->stack[top++] = (uint32_t)((int32_t)at + i->y);
            }
            m->stack[top++] = (uint32_t)((int32_t)at + i->x);
        } else if (i->op == I_BEGIN || i->op == I_END) {
            if (i->op == I_BEGIN ? begin : end) {
                m->stack[top++] = at + 1;
            }
        } else {
            t->at[t->n++] = at;
        }
    }
}

static bool accepts(const struct compiler *c, const struct inst *i, uint32_t cp)
{
    if (i->op == I_CHAR) {
        return i->cp == cp;
    }
    if (i->op == I_ANY) {
        return cp != '\n';
    }
    if (i->op != I_CLASS) {
        return false;
    }
    for (int32_t k = 0; k < i->y; k++) {
        const struct range *r = &c->ranges.v[i->x + k];
        if (cp >= r->lo && cp <= r->hi) {
            return !i->negated;
        }
    }
    return i->negated;
}

static int run(const struct compiler *c, struct str text)
{
    size_t n = c->code.n;
    struct machine m = {.c = c,
                        .mark = ARENA_ARRAY(c->a, uint32_t, n),
                        .stack = ARENA_ARRAY(c->a, uint32_t, 2 * n + 2)};
    struct threads now = {ARENA_ARRAY(c->a, uint32_t, n), 0};
    struct threads then = {ARENA_ARRAY(c->a, uint32_t, n), 0};
    m.step = 1;
    follow(&m, &now, 0, true, text.n == 0);
    for (size_t pos = 0; pos < text.n && now.n > 0;) {
        uint32_t cp = utf8_next(text, &pos);
        m.step++;
        then.n = 0;
        for (size_t k = 0; k < now.n; k++) {
            if (accepts(c, &c->code.v[now.at[k]], cp)) {
                follow(&m, &then, now.at[k] + 1, false, pos == text.n);
            }
        }
        struct threads swap = now;
        now = then;
        then = swap;
    }
    for (size_t k = 0; k < now.n; k++) {
        if (c->code.v[now.at[k]].op == I_MATCH) {
            return 1;
        }
    }
    return 0;
}

int fx_match(struct arena *a, struct str pattern, struct str text)
{
    struct compiler c = {.a = a, .s = pattern};
    alternatives(&c);
    emit(&c, (struct inst){.op = I_MATCH});
    if (c.bad || !at_end(&c)) {
        return -1;
    }
    return run(&c, text);
}
