/*
 * Finding a region by what people write. Names are tried in full and without their last word (省,
 * 市, 自治区 …); where the tree has a level that nobody says (市辖区), it may be left out.
 */
#include "engine/meta/region.h"

#include "engine/base/utf8.h"

#include <string.h>

struct walk {
    const struct region *v;
    size_t *rows;
};

/* How far into `from` a way was found that uses up most of the text. */
struct found {
    size_t levels;
    struct str rest;
    size_t rows[REGION_LEVELS];
};

static struct str skip_separators(struct str s)
{
    static const char *const seps[] = {"/", " ", "-", ">", ",", ";", "|", "、", "，", "·", "　"};
    for (size_t i = 0; i < ARRAY_LEN(seps); i++) {
        if (str_starts(s, str_of(seps[i]))) {
            s = str_sub(s, strlen(seps[i]), s.n);
            i = (size_t)-1; /* from the beginning again */
        }
    }
    return s;
}

/* Up to the next separator. */
static struct str first_part(struct str s)
{
    size_t n = 0;
    while (n < s.n && skip_separators(str_sub(s, n, s.n)).n == s.n - n)
        n++;
    return str_sub(s, 0, n);
}

/* The name without the word that says what it is; at least two characters stay. */
static struct str short_name(struct str name)
{
    static const char *const kinds[] = {
        "特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "自治州",
        "自治县",     "自治旗",       "地区",       "新区",       "林区",   "省",
        "市",         "区",           "县",         "盟",         "旗"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct str kind = str_of(kinds[i]);
        struct str head = str_sub(name, 0, name.n - MIN(name.n, kind.n));
        if (str_ends(name, kind) && utf8_len(head) >= 2)
            return head;
    }
    return name;
}

/* A level that exists on paper only. */
static bool unsaid(const struct region *r)
{
    return r->level == 2 && (str_eqz(r->name, "市辖区") || str_eqz(r->name, "县") ||
                             str_find(r->name, STR("直辖县级"), 0) >= 0);
}

/* Bytes of `text` that name this row; 0: it does not begin with it. */
static size_t named(const struct region *r, struct str text)
{
    struct str part = first_part(text);
    struct str brief = short_name(r->name);
    if (str_starts(text, r->name))
        return r->name.n;
    if (str_starts(text, brief) && brief.n)
        return brief.n;
    return utf8_len(part) >= 2 && str_starts(r->name, part) ? part.n : 0;
}

static bool better(const struct found *x, const struct found *y)
{
    return x->rest.n != y->rest.n ? x->rest.n < y->rest.n : x->levels < y->levels;
}

static void descend(const struct walk *w, size_t from, size_t to, struct str text,
                    struct found *best);

static void take(const struct walk *w, size_t row, struct str rest, struct found *best)
{
    const struct region *r = &w->v[row];
    struct found here = {.levels = r->level, .rest = skip_separators(rest)};
    w->rows[r->level - 1] = row;
    memcpy(here.rows, w->rows, r->level * sizeof *here.rows);
    if (!best->levels || better(&here, best))
        *best = here;
    if (here.rest.n && r->level < REGION_LEVELS)
        descend(w, row + 1, r->end, here.rest, best);
}

/* The children at [from, to), those of unsaid levels too. */
static void descend(const struct walk *w, size_t from, size_t to, struct str text,
                    struct found *best)
{
    for (size_t i = from; i < to; i = w->v[i].end) {
        const struct region *r = &w->v[i];
        size_t n = named(r, text);
        if (n)
            take(w, i, str_sub(text, n, text.n), best);
        if (!unsaid(r))
            continue;
        const struct region *above = &w->v[w->rows[0]];
        size_t again = named(above, text); /* 北京市/北京市/东城区 */
        w->rows[1] = i;
        if (again)
            descend(w, i + 1, r->end, skip_separators(str_sub(text, again, text.n)), best);
        descend(w, i + 1, r->end, text, best);
    }
}

static size_t by_code(const struct walk *w, size_t n, struct str code)
{
    if (code.n == 6 && str_ends(code, STR("00")))
        code.n = str_ends(code, STR("0000")) ? 2 : 4;
    for (size_t i = 0; i < n; i++) {
        w->rows[w->v[i].level - 1] = i;
        if (str_eq(w->v[i].code, code))
            return w->v[i].level;
    }
    return 0;
}

size_t region_resolve(struct str text, size_t rows[REGION_LEVELS], struct str *rest)
{
    struct walk w = {.rows = rows};
    struct found best = {.levels = 0};
    size_t n = regions(&w.v);
    text = skip_separators(text);
    *rest = text;
    memset(rows, 0, REGION_LEVELS * sizeof *rows);
    if (text.n >= 2 && text.p[0] >= '0' && text.p[0] <= '9') {
        size_t levels = by_code(&w, n, str_trim(text));
        if (levels)
            *rest = STR_NONE;
        return levels;
    }
    descend(&w, 0, n, text, &best);
    if (best.levels) {
        memcpy(rows, best.rows, sizeof best.rows);
        *rest = best.rest;
    }
    return best.levels;
}
