/*
 * Asking a search index: a search's words as a FROM item that gives the ids of rows, newest or
 * oldest first, and as conditions. A word counts only where it stands in a field that the reader
 * may read on that row: what every row shows is asked in one go, what only some rows show is asked
 * field by field, together with the condition that shows it. Without an index (while one is being
 * filled, in the recycle bin, for words of punctuation alone) LIKE says the same more slowly.
 */
#include "engine/record/query_int.h"

#include "engine/record/search_int.h"
#include "engine/value/token.h"

#define WORDS_MAX  5
#define SEARCH_MAX 400

struct search_column {
    const struct field *f;
    size_t at; /* column of the index */
};

struct search {
    struct access *x;
    struct str words[WORDS_MAX];
    struct token_word parsed[WORDS_MAX];
    size_t n;
    bool indexed;
    struct search_column *open, *some; /* shown on all rows; on some */
    size_t nopen, nsome;
};

/* ---- what the reader may search ---- */

static enum show shown(struct access *x, const struct field *f)
{
    if (f == x->f->sys[SYS_TITLE])
        return access_title_whole(x) ? SHOW_ALWAYS : SHOW_NEVER;
    return access_show(x, f, FIELD_READ);
}

static void sort_columns(struct search *s)
{
    size_t n;
    const struct field **v = search_fields(s->x->c->a, s->x->f, &n);
    s->open = ARENA_ARRAY(s->x->c->a, struct search_column, n);
    s->some = ARENA_ARRAY(s->x->c->a, struct search_column, n);
    for (size_t i = 0; i < n; i++) {
        enum show show = shown(s->x, v[i]);
        if (show == SHOW_ALWAYS)
            s->open[s->nopen++] = (struct search_column){v[i], i};
        else if (show == SHOW_SOME)
            s->some[s->nsome++] = (struct search_column){v[i], i};
    }
}

static bool all_have_tokens(struct search *s)
{
    bool all = s->n != 0;
    for (size_t i = 0; i < s->n; i++)
        all &= token_word(s->x->c->a, s->words[i], &s->parsed[i]);
    return all;
}

int search_make(struct access *x, const struct query *query, struct search **out, struct err *err)
{
    struct str rest = str_trim(query->search);
    *out = NULL;
    if (!rest.n)
        return 0;
    if (rest.n > SEARCH_MAX)
        return err_set(err, ERR_INVALID, "search", "搜索内容过长。",
                       "The search text is too long.");
    struct search *s = ARENA_NEW(x->c->a, struct search);
    *s = (struct search){.x = x};
    while (rest.n && s->n < WORDS_MAX) {
        struct str word;
        rest = str_trim(str_cut(rest, ' ', &word));
        if (word.n)
            s->words[s->n++] = word;
    }
    sort_columns(s);
    *out = s;
    if (query->bin || x->c->as_of || !all_have_tokens(s) || !(s->nopen + s->nsome))
        return 0;
    int ready = search_ready(x->c, x->f, err);
    s->indexed = ready == 1;
    return ready < 0 ? -1 : 0;
}

bool search_indexed(const struct search *s)
{
    return s && s->indexed;
}

/* The rows of the index are the rows of the answer. */
bool search_exact(const struct search *s)
{
    return search_indexed(s) && !s->nsome && access_full(s->x, RIGHT_READ);
}

/* ---- SQLite: one MATCH text ---- */

static void fts_part(struct strb *b, const struct token_part *part)
{
    strb_addc(b, '"');
    for (size_t i = 0; i < part->n; i++) {
        if (i)
            strb_addc(b, ' ');
        strb_add(b, part->v[i]);
    }
    strb_addz(b, part->prefix ? "\" *" : "\"");
}

struct columns {
    const struct search_column *v;
    size_t n;
};

static void fts_word(struct strb *b, const struct token_word *w, const struct columns *sets,
                     size_t nsets)
{
    strb_addz(b, "({");
    for (size_t k = 0; k < nsets; k++)
        for (size_t i = 0; i < sets[k].n; i++)
            strb_addf(b, " c%zu", sets[k].v[i].at);
    strb_addz(b, "} : (");
    for (size_t i = 0; i < w->parts.n; i++) {
        if (i)
            strb_addz(b, " AND ");
        fts_part(b, &w->parts.v[i]);
    }
    strb_addz(b, "))");
}

/* alias."<table>" MATCH $n: the column that stands for all has the table's name. */
static void fts_match(const struct search *s, struct sql *q, struct str text)
{
    search_table_sql(q, s->x->f);
    sql_lit(q, " MATCH ");
    sql_bind_str(q, text);
}

static void fts_driver(const struct search *s, struct sql *q)
{
    struct strb b;
    const struct columns sets[] = {{s->open, s->nopen}, {s->some, s->nsome}};
    strb_init(&b, s->x->c->a);
    for (size_t i = 0; i < s->n; i++) {
        if (i)
            strb_addz(&b, " AND ");
        fts_word(&b, &s->parsed[i], sets, ARRAY_LEN(sets));
    }
    sql_lit(q, " s.");
    fts_match(s, q, strb_str(&b));
}

static void fts_exists(const struct search *s, struct sql *q, size_t word, struct columns set)
{
    struct strb b;
    strb_init(&b, s->x->c->a);
    fts_word(&b, &s->parsed[word], &set, 1);
    sql_lit(q, "EXISTS (SELECT 1 FROM ");
    search_table_sql(q, s->x->f);
    sql_lit(q, " s1 WHERE s1.");
    fts_match(s, q, strb_str(&b));
    sql_lit(q, " AND s1.rowid = s.rowid)");
}

/* ---- PostgreSQL: rows of words ---- */

static void in_columns(struct sql *q, const struct columns *sets, size_t nsets)
{
    bool any = false;
    sql_lit(q, ".f IN (");
    for (size_t k = 0; k < nsets; k++)
        for (size_t i = 0; i < sets[k].n; i++) {
            if (any)
                sql_lit(q, ", ");
            any = true;
            sql_int(q, (int64_t)sets[k].v[i].at);
        }
    sql_lit(q, ")");
}

/* w<i>.t = … : the token itself, or what begins with it (order of bytes: up to the greatest). */
static void word_is(struct sql *q, struct str token, bool prefix)
{
    if (!prefix) {
        sql_lit(q, ".t = ");
        sql_bind_str(q, token);
        return;
    }
    sql_lit(q, ".t >= ");
    sql_bind_str(q, token);
    sql_lit(q, " AND ");
}

static void word_alias(struct sql *q, size_t i)
{
    sql_lit(q, "w");
    sql_int(q, (int64_t)i);
}

/* <search> w0 JOIN <search> w1 … WHERE …, over consecutive words of one field of one row. */
static void words_from(const struct search *s, struct sql *q, const struct token_part *part,
                       const struct columns *sets, size_t nsets)
{
    for (size_t i = 0; i < part->n; i++) {
        if (i)
            sql_lit(q, " JOIN ");
        search_table_sql(q, s->x->f);
        sql_lit(q, " ");
        word_alias(q, i);
        if (!i)
            continue;
        sql_lit(q, " ON ");
        word_alias(q, i);
        sql_lit(q, ".id = w0.id AND ");
        word_alias(q, i);
        sql_lit(q, ".f = w0.f AND ");
        word_alias(q, i);
        sql_lit(q, ".p = w0.p + ");
        sql_int(q, (int64_t)i);
    }
    sql_lit(q, " WHERE w0");
    in_columns(q, sets, nsets);
    for (size_t i = 0; i < part->n; i++) {
        bool prefix = part->prefix && i + 1 == part->n;
        sql_lit(q, " AND ");
        word_alias(q, i);
        word_is(q, part->v[i], prefix);
        if (!prefix)
            continue;
        word_alias(q, i);
        sql_lit(q, ".t < ");
        sql_bind_str(q, str_fmt(s->x->c->a, "%.*s\xf4\x8f\xbf\xbf", STR_ARG(part->v[i])));
    }
}

static void words_exist(const struct search *s, struct sql *q, const struct token_part *part,
                        const struct columns *sets, size_t nsets)
{
    sql_lit(q, "EXISTS (SELECT 1 FROM ");
    words_from(s, q, part, sets, nsets);
    sql_lit(q, " AND w0.id = s.id)");
}

static void words_driver(const struct search *s, struct sql *q, bool descending)
{
    const struct columns sets[] = {{s->open, s->nopen}, {s->some, s->nsome}};
    sql_lit(q, " FROM (SELECT DISTINCT w0.id FROM ");
    words_from(s, q, &s->parsed[0].parts.v[0], sets, ARRAY_LEN(sets));
    if (descending)
        sql_lit(q, " ORDER BY w0.id DESC) s");
    else
        sql_lit(q, " ORDER BY w0.id) s");
}

/* The parts that the driver left out. */
static void words_rest(const struct search *s, struct sql *q)
{
    const struct columns sets[] = {{s->open, s->nopen}, {s->some, s->nsome}};
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = i ? 0 : 1; k < s->parsed[i].parts.n; k++) {
            sql_lit(q, " AND ");
            words_exist(s, q, &s->parsed[i].parts.v[k], sets, ARRAY_LEN(sets));
        }
}

static void word_in(const struct search *s, struct sql *q, size_t word, struct columns set)
{
    if (q->dialect != SQL_PGSQL) {
        fts_exists(s, q, word, set);
        return;
    }
    sql_lit(q, "(");
    for (size_t k = 0; k < s->parsed[word].parts.n; k++) {
        if (k)
            sql_lit(q, " AND ");
        words_exist(s, q, &s->parsed[word].parts.v[k], &set, 1);
    }
    sql_lit(q, ")");
}

/* ---- with an index ---- */

void search_id(const struct search *s, struct sql *q)
{
    if (s->x->c && q->dialect == SQL_PGSQL)
        sql_lit(q, "s.id");
    else
        sql_lit(q, "s.rowid");
}

void search_from(const struct search *s, struct sql *q, bool descending)
{
    if (q->dialect == SQL_PGSQL) {
        words_driver(s, q, descending);
        return;
    }
    sql_lit(q, " FROM ");
    search_table_sql(q, s->x->f);
    sql_lit(q, " s");
}

void search_driven(const struct search *s, struct sql *q)
{
    if (q->dialect == SQL_PGSQL) {
        sql_lit(q, " 1 = 1");
        words_rest(s, q);
    } else {
        fts_driver(s, q);
    }
}

/* Each word in what all rows show, or in one field where this row shows it. */
static int some_shown(const struct search *s, struct sql *q, struct err *err)
{
    for (size_t w = 0; w < s->n && s->nsome; w++) {
        sql_lit(q, " AND (");
        if (s->nopen) {
            word_in(s, q, w, (struct columns){s->open, s->nopen});
            sql_lit(q, " OR ");
        }
        for (size_t i = 0; i < s->nsome; i++) {
            if (i)
                sql_lit(q, " OR ");
            sql_lit(q, "(");
            if (access_show_cond(s->x, q, 0, s->some[i].f, FIELD_READ, err))
                return -1;
            sql_lit(q, " AND ");
            word_in(s, q, w, (struct columns){&s->some[i], 1});
            sql_lit(q, ")");
        }
        sql_lit(q, ")");
    }
    return 0;
}

/* ---- without one ---- */

static int like(const struct search *s, struct sql *q, struct str word, struct err *err)
{
    size_t tried = 0;
    for (size_t k = 0; k < 2; k++) {
        const struct search_column *v = k ? s->some : s->open;
        for (size_t i = 0; i < (k ? s->nsome : s->nopen); i++) {
            if (tried++)
                sql_lit(q, " OR ");
            if (access_column(s->x, q, 0, v[i].f, ACCESS_COMPUTE, err))
                return -1;
            sql_contains(q, word);
        }
    }
    if (!tried)
        sql_lit(q, "1 = 0");
    return 0;
}

int search_where(const struct search *s, struct sql *q, struct err *err)
{
    if (!s)
        return 0;
    if (s->indexed) {
        sql_lit(q, " AND t0.\"_id\" = ");
        search_id(s, q);
        sql_lit(q, " AND");
        search_driven(s, q);
        return some_shown(s, q, err);
    }
    for (size_t i = 0; i < s->n; i++) {
        sql_lit(q, " AND (");
        if (like(s, q, s->words[i], err))
            return -1;
        sql_lit(q, ")");
    }
    return 0;
}
