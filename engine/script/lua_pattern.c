/*
 * Lua patterns (string.find, match, gmatch, gsub) with a step budget: the library's own matcher
 * cannot be interrupted, and patterns can take exponential time. Written from the description in
 * the reference manual §6.4.1.
 */
#include "engine/script/lua_int.h"
#include <ctype.h>

#define CAPTURES_MAX     32
#define DEPTH_MAX        200
#define SUBJECT_MAX      (1u << 20)
#define OPEN_CAPTURE     (-1)
#define POSITION_CAPTURE (-2)

struct matcher {
    struct lua_box *box;
    const char *s, *s_end; /* subject */
    const char *p_end;     /* pattern */
    int depth;
    uint32_t pending; /* steps not yet charged */
    int ncaptures;
    struct {
        const char *at;
        ptrdiff_t len;
    } captures[CAPTURES_MAX];
};

static const char *match_here(struct matcher *m, const char *s, const char *p);

static void step(struct matcher *m)
{
    if (++m->pending < 4096)
        return;
    m->pending = 0;
    box_spend(m->box, 4096);
}

static lua_State *state(struct matcher *m)
{
    return m->box->L;
}

/* ---- one character ---- */

static bool in_class(int c, int letter)
{
    bool yes;
    switch (tolower(letter)) {
    case 'a': yes = isalpha(c); break;
    case 'c': yes = iscntrl(c); break;
    case 'd': yes = isdigit(c); break;
    case 'g': yes = isgraph(c); break;
    case 'l': yes = islower(c); break;
    case 'p': yes = ispunct(c); break;
    case 's': yes = isspace(c); break;
    case 'u': yes = isupper(c); break;
    case 'w': yes = isalnum(c); break;
    case 'x': yes = isxdigit(c); break;
    default: return letter == c;
    }
    return isupper(letter) ? !yes : yes;
}

/* Behind the single-character item at p: a letter, %x, or [set]. */
static const char *item_end(struct matcher *m, const char *p)
{
    if (*p == '%') {
        if (p + 1 >= m->p_end)
            luaL_error(state(m), "malformed pattern (ends with '%%')");
        return p + 2;
    }
    if (*p != '[')
        return p + 1;
    p++;
    if (p < m->p_end && *p == '^')
        p++;
    do { /* a ] that comes first stands for itself */
        if (p >= m->p_end)
            luaL_error(state(m), "malformed pattern (missing ']')");
        if (*p++ == '%')
            p++;
    } while (p >= m->p_end || *p != ']');
    return p + 1;
}

static bool in_set(int c, const char *p, const char *close)
{
    bool negated = p[1] == '^';
    p += negated ? 2 : 1;
    for (; p < close; p++) {
        if (*p == '%') {
            if (in_class(c, (unsigned char)*++p))
                return !negated;
        } else if (p + 2 < close && p[1] == '-') {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return !negated;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return !negated;
        }
    }
    return negated;
}

static bool item_matches(struct matcher *m, const char *s, const char *p, const char *end)
{
    step(m);
    if (s >= m->s_end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.': return true;
    case '%': return in_class(c, (unsigned char)p[1]);
    case '[': return in_set(c, p, end - 1);
    default: return (unsigned char)*p == c;
    }
}

/* ---- items with repetition ---- */

static const char *repeat_greedy(struct matcher *m, const char *s, const char *p, const char *end)
{
    ptrdiff_t n = 0;
    while (item_matches(m, s + n, p, end))
        n++;
    for (; n >= 0; n--) {
        const char *r = match_here(m, s + n, end + 1);
        if (r)
            return r;
    }
    return NULL;
}

static const char *repeat_lazy(struct matcher *m, const char *s, const char *p, const char *end)
{
    for (;; s++) {
        const char *r = match_here(m, s, end + 1);
        if (r)
            return r;
        if (!item_matches(m, s, p, end))
            return NULL;
    }
}

static const char *match_item(struct matcher *m, const char *s, const char *p)
{
    const char *end = item_end(m, p);
    switch (end < m->p_end ? *end : 0) {
    case '*': return repeat_greedy(m, s, p, end);
    case '+': return item_matches(m, s, p, end) ? repeat_greedy(m, s + 1, p, end) : NULL;
    case '-': return repeat_lazy(m, s, p, end);
    case '?': {
        const char *r = item_matches(m, s, p, end) ? match_here(m, s + 1, end + 1) : NULL;
        return r ? r : match_here(m, s, end + 1);
    }
    default: return item_matches(m, s, p, end) ? match_here(m, s + 1, end) : NULL;
    }
}

/* ---- captures, %b, %f, back references ---- */

static const char *open_capture(struct matcher *m, const char *s, const char *p, ptrdiff_t kind)
{
    if (m->ncaptures >= CAPTURES_MAX)
        luaL_error(state(m), "too many captures");
    m->captures[m->ncaptures].at = s;
    m->captures[m->ncaptures++].len = kind;
    const char *r = match_here(m, s, p);
    if (!r)
        m->ncaptures--;
    return r;
}

static const char *close_capture(struct matcher *m, const char *s, const char *p)
{
    int i = m->ncaptures - 1;
    while (i >= 0 && m->captures[i].len != OPEN_CAPTURE)
        i--;
    if (i < 0)
        luaL_error(state(m), "invalid pattern capture");
    m->captures[i].len = s - m->captures[i].at;
    const char *r = match_here(m, s, p);
    if (!r)
        m->captures[i].len = OPEN_CAPTURE;
    return r;
}

static const char *balanced(struct matcher *m, const char *s, const char *p)
{
    if (p + 1 >= m->p_end)
        luaL_error(state(m), "malformed pattern (missing arguments to '%%b')");
    if (s >= m->s_end || *s != *p)
        return NULL;
    int open = 1;
    for (s++; s < m->s_end; s++) {
        step(m);
        if (*s == p[1]) {
            if (--open == 0)
                return s + 1;
        } else if (*s == p[0]) {
            open++;
        }
    }
    return NULL;
}

static const char *frontier(struct matcher *m, const char *s, const char *p)
{
    if (p >= m->p_end || *p != '[')
        luaL_error(state(m), "missing '[' after '%%f' in pattern");
    const char *end = item_end(m, p);
    int before = s == m->s ? 0 : (unsigned char)s[-1];
    int here = s < m->s_end ? (unsigned char)*s : 0;
    if (in_set(before, p, end - 1) || !in_set(here, p, end - 1))
        return NULL;
    return match_here(m, s, end);
}

static const char *back_reference(struct matcher *m, const char *s, int digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->ncaptures || m->captures[i].len < 0)
        luaL_error(state(m), "invalid capture index %%%d", i + 1);
    size_t n = (size_t)m->captures[i].len;
    box_spend(m->box, n / 64);
    bool same = (size_t)(m->s_end - s) >= n && memcmp(m->captures[i].at, s, n) == 0;
    return same ? s + n : NULL;
}

static const char *match_escape(struct matcher *m, const char *s, const char *p)
{
    char c = p + 1 < m->p_end ? p[1] : 0;
    if (c == 'b') {
        s = balanced(m, s, p + 2);
        return s ? match_here(m, s, p + 4) : NULL;
    }
    if (c == 'f')
        return frontier(m, s, p + 2);
    if (isdigit((unsigned char)c)) {
        s = back_reference(m, s, c);
        return s ? match_here(m, s, p + 2) : NULL;
    }
    return match_item(m, s, p);
}

static const char *match_from(struct matcher *m, const char *s, const char *p)
{
    if (p >= m->p_end)
        return s;
    switch (*p) {
    case '(':
        if (p + 1 < m->p_end && p[1] == ')')
            return open_capture(m, s, p + 2, POSITION_CAPTURE);
        return open_capture(m, s, p + 1, OPEN_CAPTURE);
    case ')': return close_capture(m, s, p + 1);
    case '%': return match_escape(m, s, p);
    case '$':
        if (p + 1 == m->p_end)
            return s == m->s_end ? s : NULL;
        break;
    default: break;
    }
    return match_item(m, s, p);
}

static const char *match_here(struct matcher *m, const char *s, const char *p)
{
    step(m);
    if (++m->depth > DEPTH_MAX)
        luaL_error(state(m), "pattern too complex");
    const char *r = match_from(m, s, p);
    m->depth--;
    return r;
}

/* ---- results ---- */

static void push_capture(struct matcher *m, int i, const char *from, const char *to)
{
    lua_State *L = state(m);
    if (i >= m->ncaptures) {
        if (i > 0)
            luaL_error(L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(L, from, (size_t)(to - from));
    } else if (m->captures[i].len == POSITION_CAPTURE) {
        lua_pushinteger(L, m->captures[i].at - m->s + 1);
    } else if (m->captures[i].len == OPEN_CAPTURE) {
        luaL_error(L, "unfinished capture");
    } else {
        lua_pushlstring(L, m->captures[i].at, (size_t)m->captures[i].len);
    }
}

static int push_captures(struct matcher *m, const char *from, const char *to)
{
    int n = m->ncaptures == 0 && from ? 1 : m->ncaptures;
    luaL_checkstack(state(m), n, "too many captures");
    for (int i = 0; i < n; i++)
        push_capture(m, i, from, to);
    return n;
}

static void matcher_init(lua_State *L, struct matcher *m, const char **pattern)
{
    size_t ns, np;
    *m = (struct matcher){.box = box_of(L)};
    m->s = luaL_checklstring(L, 1, &ns);
    *pattern = luaL_checklstring(L, 2, &np);
    luaL_argcheck(L, ns <= SUBJECT_MAX, 1, "text too long for a pattern");
    m->s_end = m->s + ns;
    m->p_end = *pattern + np;
}

static size_t start_offset(lua_State *L, int arg, size_t n)
{
    lua_Integer i = luaL_optinteger(L, arg, 1);
    if (i > 0)
        return (size_t)i - 1;
    if (i == 0 || i < -(lua_Integer)n)
        return 0;
    return (size_t)((lua_Integer)n + i);
}

/* The first match at or after `from`; NULL and *to untouched when there is none. */
static const char *search(struct matcher *m, const char *from, const char *pattern, const char **to)
{
    bool anchored = pattern < m->p_end && *pattern == '^';
    for (const char *s = from; s <= m->s_end; s++) {
        m->ncaptures = 0;
        m->depth = 0;
        const char *end = match_here(m, s, pattern + (anchored ? 1 : 0));
        if (end) {
            *to = end;
            return s;
        }
        if (anchored)
            break;
    }
    return NULL;
}

static int find_plain(lua_State *L, struct matcher *m, const char *pattern, size_t from)
{
    struct str s = {m->s, (size_t)(m->s_end - m->s)};
    struct str needle = {pattern, (size_t)(m->p_end - pattern)};
    box_spend(m->box, s.n / 64 + 1);
    ptrdiff_t at = str_find(s, needle, from);
    if (at < 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, at + 1);
    lua_pushinteger(L, at + (lua_Integer)needle.n);
    return 2;
}

static int find_or_match(lua_State *L, bool find)
{
    struct matcher m;
    const char *pattern;
    matcher_init(L, &m, &pattern);
    size_t from = start_offset(L, 3, (size_t)(m.s_end - m.s));
    if (from > (size_t)(m.s_end - m.s)) {
        lua_pushnil(L);
        return 1;
    }
    if (find && lua_toboolean(L, 4))
        return find_plain(L, &m, pattern, from);
    const char *to;
    const char *at = search(&m, m.s + from, pattern, &to);
    if (!at) {
        lua_pushnil(L);
        return 1;
    }
    if (!find)
        return push_captures(&m, at, to);
    lua_pushinteger(L, at - m.s + 1);
    lua_pushinteger(L, to - m.s);
    return 2 + push_captures(&m, NULL, NULL);
}

static int pattern_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int pattern_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: subject, pattern, next offset, end of the last match. */
static int gmatch_next(lua_State *L)
{
    lua_settop(L, 0);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    struct matcher m;
    const char *pattern;
    matcher_init(L, &m, &pattern);
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    for (const char *s = m.s + lua_tointeger(L, lua_upvalueindex(3)); s <= m.s_end; s++) {
        m.ncaptures = 0;
        m.depth = 0;
        const char *to = match_here(&m, s, pattern);
        if (!to || to - m.s == last)
            continue;
        lua_pushinteger(L, to - m.s);
        lua_pushvalue(L, -1);
        lua_replace(L, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(&m, s, to);
    }
    return 0;
}

static int pattern_gmatch(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* ---- gsub ---- */

static void add_template(struct matcher *m, luaL_Buffer *b, const char *from, const char *to)
{
    lua_State *L = state(m);
    size_t n;
    const char *t = lua_tolstring(L, 3, &n);
    for (size_t i = 0; i < n; i++) {
        if (t[i] != '%') {
            luaL_addchar(b, t[i]);
            continue;
        }
        char c = ++i < n ? t[i] : 0;
        if (c == '%') {
            luaL_addchar(b, c);
        } else if (c == '0') {
            luaL_addlstring(b, from, (size_t)(to - from));
        } else if (isdigit((unsigned char)c)) {
            push_capture(m, c - '1', from, to);
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

/* What stands for one match: by text with captures, by table, by function. */
static void add_replacement(struct matcher *m, luaL_Buffer *b, const char *from, const char *to)
{
    lua_State *L = state(m);
    int type = lua_type(L, 3);
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, from, to), 1);
    } else if (type == LUA_TTABLE) {
        push_capture(m, 0, from, to);
        lua_gettable(L, 3);
    } else {
        add_template(m, b, from, to);
        return;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, from, (size_t)(to - from));
        return;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
}

static int pattern_gsub(lua_State *L)
{
    struct matcher m;
    const char *pattern;
    matcher_init(L, &m, &pattern);
    int type = lua_type(L, 3);
    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TTABLE ||
                         type == LUA_TFUNCTION,
                     3, "string/function/table");
    lua_Integer max = luaL_optinteger(L, 4, (lua_Integer)(m.s_end - m.s) + 1);
    bool anchored = pattern < m.p_end && *pattern == '^';
    const char *s = m.s, *last = NULL;
    lua_Integer n = 0;
    luaL_Buffer b;
    lua_settop(L, 3);
    luaL_buffinit(L, &b);
    while (n < max) {
        m.ncaptures = 0;
        m.depth = 0;
        const char *to = match_here(&m, s, pattern + (anchored ? 1 : 0));
        if (to && to != last) {
            n++;
            add_replacement(&m, &b, s, to);
            s = last = to;
        } else if (s < m.s_end) {
            luaL_addchar(&b, *s++);
        } else {
            break;
        }
        if (anchored)
            break;
    }
    luaL_addlstring(&b, s, s < m.s_end ? (size_t)(m.s_end - s) : 0);
    luaL_pushresult(&b);
    lua_pushinteger(L, n);
    return 2;
}

static const luaL_Reg functions[] = {{"find", pattern_find},
                                     {"match", pattern_match},
                                     {"gmatch", pattern_gmatch},
                                     {"gsub", pattern_gsub},
                                     {NULL, NULL}};

void lua_open_pattern(struct lua_box *box)
{
    luaL_setfuncs(box->L, functions, 0);
}
