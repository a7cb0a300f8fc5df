/*
 * SQL text as a type.
 */
#include "engine/value/sql.h"

#include <assert.h>

#define IDENT_MAX 63 /* bytes PostgreSQL keeps of a name */

void sql_init(struct sql *q, struct arena *a, enum sql_dialect dialect)
{
    *q = (struct sql){.dialect = dialect};
    strb_init(&q->text, a);
}

void sql_lit_(struct sql *q, struct str literal)
{
    strb_add(&q->text, literal);
}

/* [a-z_][a-z0-9_]*: the grammar of keys, and the leading "_" of system tables and columns. */
static bool is_ident(struct str s)
{
    if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

/* FNV-1a: unlike str_hash() the same in every process, for names that live in a database. */
static uint64_t name_hash(struct str s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

void sql_ident(struct sql *q, struct str name)
{
    static const char hex[] = "0123456789abcdef";
    assert(is_ident(name));
    strb_addc(&q->text, '"');
    strb_add(&q->text, str_sub(name, 0, name.n > IDENT_MAX ? IDENT_MAX - 17 : name.n));
    if (name.n > IDENT_MAX) {
        uint64_t h = name_hash(name);
        strb_addc(&q->text, '_');
        for (int shift = 60; shift >= 0; shift -= 4)
            strb_addc(&q->text, hex[(h >> shift) & 15]);
    }
    strb_addc(&q->text, '"');
}

void sql_table(struct sql *q, struct str app, struct str form, struct str sub)
{
    const struct str parts[] = {app, form, sub};
    struct strb name;
    strb_init(&name, q->text.a);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (!parts[i].n)
            continue;
        if (name.n)
            strb_addz(&name, "__");
        strb_add(&name, parts[i]);
    }
    sql_ident(q, strb_str(&name));
}

void sql_col(struct sql *q, unsigned alias, struct str name)
{
    sql_alias(q, alias);
    strb_addc(&q->text, '.');
    sql_ident(q, name);
}

void sql_alias(struct sql *q, unsigned alias)
{
    strb_addc(&q->text, 't');
    strb_addi(&q->text, alias);
}

void sql_bind(struct sql *q, struct val v)
{
    vec_push(q->text.a, &q->args, v);
    strb_addc(&q->text, '$');
    strb_addi(&q->text, (int64_t)q->args.n);
}

void sql_bind_int(struct sql *q, int64_t i)
{
    sql_bind(q, val_dec(i, 0));
}

void sql_bind_str(struct sql *q, struct str s)
{
    /* Not val_text(): an empty text is bound as such, not as NULL. */
    sql_bind(q, (struct val){.kind = VAL_TEXT, .n = (uint32_t)s.n, .text = s.p ? s.p : ""});
}

void sql_contains(struct sql *q, struct str s)
{
    struct strb b;
    strb_init(&b, q->text.a);
    strb_addc(&b, '%');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' || s.p[i] == '_' || s.p[i] == '\\')
            strb_addc(&b, '\\');
        strb_addc(&b, s.p[i]);
    }
    strb_addc(&b, '%');
    /* both mind the case of all but ASCII letters */
    sql_lit_(q, q->dialect == SQL_PGSQL ? STR(" ILIKE ") : STR(" LIKE "));
    sql_bind_str(q, strb_str(&b));
    sql_lit_(q, q->dialect == SQL_PGSQL ? STR(" COLLATE \"C\"") : STR(""));
    sql_lit(q, " ESCAPE '\\'");
}

void sql_each(struct sql *q, enum sql_each items)
{
    static const struct str pgsql[] = {[SQL_EACH_TEXT] = STR("json_each("),
                                       [SQL_EACH_INT] = STR("json_each_int("),
                                       [SQL_EACH_NUM] = STR("json_each_num(")};
    sql_lit_(q, q->dialect == SQL_PGSQL ? pgsql[items] : STR("json_each("));
}

void sql_round(struct sql *q)
{
    sql_lit_(q, q->dialect == SQL_PGSQL ? STR("round_away(") : STR("CAST(ROUND("));
    sql_lit(q, "(");
}

void sql_round_end(struct sql *q)
{
    sql_lit_(q, q->dialect == SQL_PGSQL ? STR(")") : STR(") AS INTEGER)"));
}

void sql_int(struct sql *q, int64_t i)
{
    strb_addi(&q->text, i);
}

/* The end of a quoted run that starts at i: '…' or "…" with doubled quotes inside. */
static size_t skip_quoted(struct str s, size_t i)
{
    char quote = s.p[i];
    for (i++; i < s.n; i++) {
        if (s.p[i] != quote)
            continue;
        if (i + 1 < s.n && s.p[i + 1] == quote)
            i++;
        else
            return i + 1;
    }
    return i;
}

void sql_append(struct sql *q, const struct sql *part)
{
    size_t base = q->args.n;
    struct str s = {part->text.p, part->text.n};
    for (size_t i = 0; i < part->args.n; i++)
        vec_push(q->text.a, &q->args, part->args.v[i]);
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        if (s.p[i] == '\'' || s.p[i] == '"') {
            i = skip_quoted(s, i);
            strb_add(&q->text, str_sub(s, from, i - from));
            continue;
        }
        if (s.p[i++] != '$') {
            strb_addc(&q->text, s.p[from]);
            continue;
        }
        int64_t n = 0;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            n = n * 10 + (s.p[i] - '0');
        strb_addc(&q->text, '$');
        if (i > from + 1)
            strb_addi(&q->text, n + (int64_t)base);
    }
}
