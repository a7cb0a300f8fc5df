/*
 * Changes of a YAML text at the span of a node. Each takes the text and a place of its tree and
 * gives a new text; all other bytes stay. Whether the result means what was meant is proved in
 * edit.c.
 */
#include "engine/meta/edit_int.h"

struct str splice(struct arena *a, struct str text, size_t from, size_t to, struct str with)
{
    struct strb b;
    strb_init(&b, a);
    strb_reserve(&b, text.n + with.n + 1);
    strb_add(&b, str_sub(text, 0, from));
    strb_add(&b, with);
    strb_add(&b, str_sub(text, to, text.n));
    return strb_str(&b);
}

/* ---- lines ---- */

static size_t line_start(struct str text, size_t at)
{
    while (at > 0 && text.p[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(struct str text, size_t at)
{
    while (at < text.n && text.p[at] != '\n')
        at++;
    return at;
}

/* Behind the line on which an entry ends, its comment included. */
static size_t next_line(struct str text, size_t at)
{
    size_t e = line_end(text, at);
    return e < text.n ? e + 1 : e;
}

static bool only_spaces(struct str text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (text.p[i] != ' ')
            return false;
    }
    return true;
}

static size_t column_of(struct str text, size_t at)
{
    return at - line_start(text, at);
}

static struct str spaces(struct arena *a, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    memset(p, ' ', n);
    return (struct str){p, n};
}

/* ---- where an entry stands ---- */

/* The dash before item i of a block list: at the list's own column, on the item's line or above. */
static size_t dash_of(struct str text, const struct yaml_node *list, size_t i)
{
    size_t column = column_of(text, list->from), at = list->items[i]->from;
    for (size_t start = line_start(text, at);; start = line_start(text, start - 1)) {
        size_t dash = start + column;
        if (dash < at && dash < text.n && text.p[dash] == '-')
            return dash;
        if (start <= list->from || start == 0)
            return list->from;
        if (start + column >= text.n)
            return list->from;
    }
}

/* First byte of an entry: its key, or its dash. */
static size_t entry_start(struct str text, const struct yaml_node *n, size_t i)
{
    if (n->kind == YAML_MAP)
        return n->keys[i]->from;
    return n->flow ? n->items[i]->from : dash_of(text, n, i);
}

static size_t entry_end(const struct yaml_node *n, size_t i)
{
    size_t end = n->items[i]->to;
    return n->kind == YAML_MAP ? MAX(end, n->keys[i]->to) : end;
}

/* Behind an entry of a block, with the comment lines below that are indented deeper: they are its
 * own. */
static size_t entry_tail(struct str text, const struct yaml_node *n, size_t i)
{
    size_t first = entry_start(text, n, i), column = column_of(text, first);
    size_t at = next_line(text, MAX(entry_end(n, i), first));
    while (at < text.n) {
        size_t in = at;
        while (in < text.n && text.p[in] == ' ')
            in++;
        if (in >= text.n || text.p[in] != '#' || in - at <= column)
            break;
        at = next_line(text, in);
    }
    return at;
}

/* Behind the colon of a map's i-th key, or behind the dash of a list's item. */
static size_t value_start(struct str text, const struct yaml_node *n, size_t i)
{
    if (n->kind == YAML_SEQ)
        return dash_of(text, n, i) + 1;
    size_t at = n->keys[i]->to;
    while (at < text.n && text.p[at] != ':')
        at++;
    return at + 1;
}

/* ---- replace ---- */

/* Puts a value behind a colon or dash. What it has beyond its first line comes below the comment
 * that may end the line. */
static struct str put_after(struct arena *a, struct str text, size_t start, size_t end,
                            struct str value)
{
    ptrdiff_t line = str_findc(value, '\n');
    size_t eol = line_end(text, end);
    if (line < 0)
        return splice(a, text, start, end, value);
    return splice(a, text, start, eol,
                  str_fmt(a, "%.*s%.*s%.*s", STR_ARG(str_sub(value, 0, (size_t)line)),
                          STR_ARG(str_sub(text, end, eol - end)),
                          STR_ARG(str_sub(value, (size_t)line, value.n))));
}

static bool inline_value(struct val v, bool block)
{
    bool many = (v.kind == VAL_LIST || v.kind == VAL_OBJ) && v.n > 0;
    return !many || !block;
}

struct str splice_replace(struct arena *a, struct str text, const struct spot *s, struct val v)
{
    const struct yaml_node *n = s->node;
    if (!s->parent)
        return splice(a, text, n->from, n->to, emit_block(a, v, column_of(text, n->from)));
    if (s->flow)
        return splice(a, text, n->from, n->to, emit_flow(a, v, true));
    size_t start = value_start(text, s->parent, s->index), end = MAX(start, n->to);
    size_t indent = column_of(text, entry_start(text, s->parent, s->index)) + 2;
    bool was_block = n->kind != YAML_SCALAR && !n->flow;
    struct str after = emit_after(a, v, indent, was_block);
    bool same_line = n->from > start && line_start(text, n->from) == line_start(text, start) &&
                     only_spaces(text, start, n->from);
    if (same_line && !was_block && inline_value(v, str_findc(after, '\n') >= 0) && after.n &&
        after.p[0] == ' ')
        return splice(a, text, n->from, n->to, str_sub(after, 1, after.n)); /* keeps alignment */
    return put_after(a, text, start, end, after);
}

/* ---- remove ---- */

/* In {…} or […]: with the comma behind it, or before it when it is the last. */
static struct str remove_flow(struct arena *a, struct str text, const struct yaml_node *p, size_t i)
{
    size_t from = entry_start(text, p, i), to = entry_end(p, i);
    if (i + 1 < p->n)
        to = entry_start(text, p, i + 1);
    else if (i)
        from = entry_end(p, i - 1);
    return splice(a, text, from, to, STR(""));
}

static struct str remove_block(struct arena *a, struct str text, const struct yaml_node *p,
                               size_t i)
{
    size_t from = entry_start(text, p, i), start = line_start(text, from);
    if (!only_spaces(text, start, from) && i + 1 < p->n) /* "- a: 1": the next takes its place */
        return splice(a, text, from, entry_start(text, p, i + 1), STR(""));
    return splice(a, text, only_spaces(text, start, from) ? start : from, entry_tail(text, p, i),
                  STR(""));
}

struct str splice_remove(struct arena *a, struct str text, const struct spot *s)
{
    const struct yaml_node *p = s->parent;
    if (p->flow)
        return remove_flow(a, text, p, s->index);
    if (p->n > 1)
        return remove_block(a, text, p, s->index);
    /* The last entry: an empty collection stays. On a line of its own it goes behind the key. */
    struct str empty = p->kind == YAML_MAP ? STR("{}") : STR("[]");
    return splice(a, text, entry_start(text, p, 0), MAX(p->to, entry_end(p, 0)), empty);
}

/* ---- insert ---- */

static struct str flow_entry(struct arena *a, const struct yaml_node *p, struct str key,
                             struct val v)
{
    struct str value = emit_flow(a, v, true);
    if (p->kind == YAML_SEQ)
        return value;
    return str_fmt(a, "%.*s: %.*s", STR_ARG(emit_key(a, key, true)), STR_ARG(value));
}

static struct str insert_flow(struct arena *a, struct str text, const struct yaml_node *p,
                              size_t index, struct str entry)
{
    if (!p->n)
        return splice(a, text, p->from + 1, p->to - 1, entry);
    if (index < p->n) {
        size_t at = entry_start(text, p, index);
        return splice(a, text, at, at, str_fmt(a, "%.*s, ", STR_ARG(entry)));
    }
    size_t at = entry_end(p, p->n - 1);
    return splice(a, text, at, at, str_fmt(a, ", %.*s", STR_ARG(entry)));
}

static struct str block_entry(struct arena *a, const struct yaml_node *p, size_t column,
                              struct str key, struct val v)
{
    if (p->kind == YAML_MAP)
        return str_fmt(a, "%.*s:%.*s", STR_ARG(emit_key(a, key, false)),
                       STR_ARG(emit_after(a, v, column + 2, false)));
    bool many = (v.kind == VAL_LIST || v.kind == VAL_OBJ) && v.n > 0;
    struct str after = emit_after(a, v, column + 2, false);
    if (many && str_findc(after, '\n') >= 0)
        return str_fmt(a, "- %.*s", STR_ARG(emit_block(a, v, column + 2)));
    return str_fmt(a, "-%.*s", STR_ARG(after));
}

static struct str insert_block(struct arena *a, struct str text, const struct yaml_node *p,
                               size_t index, struct str key, struct val v)
{
    size_t first = entry_start(text, p, 0), column = column_of(text, first);
    struct str entry = block_entry(a, p, column, key, v), pad = spaces(a, column);
    if (index == 0)
        return splice(a, text, first, first,
                      str_fmt(a, "%.*s\n%.*s", STR_ARG(entry), STR_ARG(pad)));
    size_t end = entry_end(p, index - 1), at = entry_tail(text, p, index - 1);
    bool newline = at > 0 && text.p[at - 1] == '\n' && at > end;
    return splice(a, text, at, at,
                  str_fmt(a, "%s%.*s%.*s%s", newline ? "" : "\n", STR_ARG(pad), STR_ARG(entry),
                          newline ? "\n" : ""));
}

/* A document without any key. */
static struct str first_entry(struct arena *a, struct str text, struct str key, struct val v)
{
    struct yaml_node map = {.kind = YAML_MAP};
    struct str entry = block_entry(a, &map, 0, key, v);
    bool newline = !text.n || text.p[text.n - 1] == '\n';
    return splice(a, text, text.n, text.n,
                  str_fmt(a, "%s%.*s\n", newline ? "" : "\n", STR_ARG(entry)));
}

struct str splice_insert(struct arena *a, struct str text, const struct spot *at, size_t index,
                         struct str key, struct val v)
{
    const struct yaml_node *p = at->node;
    if (!p->flow && !p->n)
        return first_entry(a, text, key, v);
    if (p->flow && !p->n && !at->flow &&
        at->parent) { /* key: {} becomes a block where it is long */
        struct pair one = {key, v};
        struct val whole = p->kind == YAML_MAP ? val_obj(&one, 1) : val_list(&v, 1);
        return splice_replace(a, text, at, val_copy(a, whole));
    }
    if (p->flow)
        return insert_flow(a, text, p, index, flow_entry(a, p, key, v));
    return insert_block(a, text, p, index, key, v);
}

struct str splice_rename(struct arena *a, struct str text, const struct spot *s, struct str key)
{
    const struct yaml_node *k = s->parent->keys[s->index];
    return splice(a, text, k->from, k->to, emit_key(a, key, s->flow));
}

/* ---- reorder ---- */

/* Start of the comment lines that stand right above a line. */
static size_t comments_above(struct str text, size_t at)
{
    while (at > 0) {
        size_t up = line_start(text, at - 1), first = up;
        while (first < text.n && text.p[first] == ' ')
            first++;
        if (first >= text.n || text.p[first] != '#')
            break;
        at = up;
    }
    return at;
}

struct str splice_reorder(struct arena *a, struct str text, const struct spot *s,
                          const size_t *order)
{
    const struct yaml_node *n = s->node;
    size_t *ends = ARENA_ARRAY(a, size_t, n->n + 1);
    struct strb b;
    if (n->flow || !n->n)
        return STR_NONE;
    for (size_t i = 0; i < n->n; i++) {
        size_t from = entry_start(text, n, i);
        if (!only_spaces(text, line_start(text, from), from))
            return STR_NONE; /* "- a: 1", or not one entry a line */
        ends[i] = entry_tail(text, n, i);
        if (text.p[ends[i] - 1] != '\n')
            return STR_NONE;
    }
    size_t begin = comments_above(text, line_start(text, entry_start(text, n, 0)));
    strb_init(&b, a);
    for (size_t i = 0; i < n->n; i++) {
        size_t k = order[i], from = k ? ends[k - 1] : begin;
        strb_add(&b, str_sub(text, from, ends[k] - from));
    }
    return splice(a, text, begin, ends[n->n - 1], strb_str(&b));
}
