/*
 * Checks nodes against shapes, and reads them. Knows no key of any file: those are in keys_*.c.
 */
#include "engine/meta/node.h"

#include "engine/base/map.h"
#include "engine/base/strb.h"
#include "engine/base/utf8.h"

struct check {
    const struct src_file *file;
    struct diags *diags;
};

static void check(struct check *c, const struct shape *s, const struct yaml_node *n);

static struct str without_stop(struct str s)
{
    if (str_ends(s, STR("。")))
        return str_sub(s, 0, s.n - strlen("。"));
    return str_ends(s, STR(".")) ? str_sub(s, 0, s.n - 1) : s;
}

void diag_suggest(struct diags *diags, struct diag *d, struct str near)
{
    if (!near.n || diags->full)
        return;
    d->zh = str_fmt(diags->a, "%.*s；你是不是想写 “%.*s”？", STR_ARG(without_stop(d->zh)),
                    STR_ARG(near));
    d->en = str_fmt(diags->a, "%.*s; did you mean “%.*s”?", STR_ARG(without_stop(d->en)),
                    STR_ARG(near));
}

bool key_reserved(struct str key)
{
    static const char *const words[] = {"and",  "or",    "not",    "in",   "contains",
                                        "true", "false", "blank",  "this", "parent",
                                        "old",  "that",  "target", NULL};
    return word_index(words, key) >= 0;
}

int word_index(const char *const *words, struct str word)
{
    for (int i = 0; words[i]; i++) {
        if (str_eqz(word, words[i]))
            return i;
    }
    return -1;
}

/* ---- scalars ---- */

static void need_kind(struct check *c, const struct yaml_node *n, const char *zh, const char *en)
{
    node_error(c->diags, c->file, n, "kind", "这里应当是%s%.0s", "%.0sExpected %s here", zh, en);
}

static struct str joined(struct diags *d, const char *const *words)
{
    struct strb b;
    strb_init(&b, d->a);
    for (size_t i = 0; words[i]; i++) {
        strb_addz(&b, i ? ", " : "");
        strb_addz(&b, words[i]);
    }
    return strb_str(&b);
}

static struct str nearest_word(struct diags *d, const char *const *words, struct str word)
{
    struct map m;
    map_init(&m, d->a);
    for (size_t i = 0; words[i]; i++)
        map_put(&m, str_of(words[i]), &m);
    return map_nearest(&m, word);
}

static void check_word(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    if (word_index(s->words, n->text) >= 0)
        return;
    struct str all = joined(c->diags, s->words);
    struct diag *d =
        node_error(c->diags, c->file, n, "word", "“%.*s”不能用在这里，可用的是：%.*s",
                   "“%.*s” cannot stand here; choose one of %.*s", STR_ARG(n->text), STR_ARG(all));
    diag_suggest(c->diags, d, nearest_word(c->diags, s->words, n->text));
}

static void check_key_text(struct check *c, const struct yaml_node *n)
{
    if (!str_is_key(n->text))
        node_error(c->diags, c->file, n, "key_grammar",
                   "“%.*s”不能作键：只用小写字母、数字和下划线，以字母开头，最多 63 个字符",
                   "“%.*s” is no key: lower-case letters, digits and underscores, a letter first, "
                   "63 at most",
                   STR_ARG(n->text));
    else if (key_reserved(n->text))
        node_error(c->diags, c->file, n, "key_reserved", "“%.*s”是公式的保留字，不能作键",
                   "“%.*s” is a reserved word of expressions and cannot be a key",
                   STR_ARG(n->text));
}

static void check_number(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    struct val v = yaml_val(c->diags->a, n);
    bool whole =
        v.kind == VAL_NUM && v.num >= -9e15 && v.num <= 9e15 && v.num == (double)(int64_t)v.num;
    if (v.kind != VAL_NUM || (s->kind == SHAPE_INT && !whole)) {
        need_kind(c, n, s->kind == SHAPE_INT ? "一个整数" : "一个数字",
                  s->kind == SHAPE_INT ? "a whole number" : "a number");
        return;
    }
    if (s->kind == SHAPE_INT && (v.num < (double)s->min || v.num > (double)s->max))
        node_error(c->diags, c->file, n, "range", "应当在 %lld 到 %lld 之间",
                   "Must be between %lld and %lld", (long long)s->min, (long long)s->max);
}

static void check_scalar(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    struct duration du;
    switch (s->kind) {
    case SHAPE_BOOL:
        if (yaml_val(c->diags->a, n).kind != VAL_BOOL)
            need_kind(c, n, " true 或 false", "true or false");
        break;
    case SHAPE_INT:
    case SHAPE_NUM: check_number(c, s, n); break;
    case SHAPE_KEY: check_key_text(c, n); break;
    case SHAPE_WORD: check_word(c, s, n); break;
    case SHAPE_DURATION:
        if (!duration_parse(n->text, &du))
            need_kind(c, n, "一段时间，例如 2 days、4 hours、3 workdays",
                      "a length of time such as 2 days, 4 hours, 3 workdays");
        break;
    case SHAPE_TEXT:
    case SHAPE_EXPR:
    case SHAPE_VALUE:
    case SHAPE_ANY:
    case SHAPE_OBJ:
    case SHAPE_LIST:
    case SHAPE_MAP:
    case SHAPE_ONE_OF:
        if (s->kind != SHAPE_VALUE && s->kind != SHAPE_ANY && !str_trim(n->text).n)
            need_kind(c, n, "一段不为空的文字", "a text that is not blank");
        break;
    }
}

/* ---- objects, lists, maps ---- */

const struct key_row *shape_row(const struct shape *s, struct str name)
{
    for (const struct key_row *k = s->keys; k && k->name; k++) {
        if (str_eqz(name, k->name))
            return k;
    }
    return NULL;
}

/* The variant the object's tag names: 1 found, 0 no tag or not one, -1 the shape has none. */
static int find_variant(const struct shape *s, const struct yaml_node *n, struct variant *out)
{
    const struct yaml_node *tag = s->tag ? yaml_get(n, s->tag) : NULL;
    if (!s->tag)
        return -1;
    for (size_t i = 0; tag && tag->kind == YAML_SCALAR && s->variant(i, out); i++) {
        if (str_eqz(tag->text, out->word))
            return 1;
    }
    return 0;
}

static void unknown_tag(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    const struct yaml_node *tag = yaml_get(n, s->tag);
    struct variant v;
    struct map m;
    if (!tag || tag->kind != YAML_SCALAR || yaml_is_null(tag))
        return; /* told as missing or of the wrong kind */
    map_init(&m, c->diags->a);
    for (size_t i = 0; s->variant(i, &v); i++)
        map_put(&m, str_of(v.word), &m);
    struct diag *d = node_error(c->diags, c->file, tag, "unknown_type", "没有叫“%.*s”的类型",
                                "There is no type “%.*s”", STR_ARG(tag->text));
    diag_suggest(c->diags, d, map_nearest(&m, tag->text));
}

static bool key_allowed(const struct key_row *k, int found, const struct variant *v)
{
    if (!(k->flags & KEY_TYPED) || found <= 0)
        return true;
    return v->keys && word_index(v->keys, str_of(k->name)) >= 0;
}

static void unknown_key(struct check *c, const struct shape *s, const struct yaml_node *key,
                        int found, const struct variant *v)
{
    struct map m;
    map_init(&m, c->diags->a);
    for (const struct key_row *k = s->keys; k->name; k++) {
        if (key_allowed(k, found, v))
            map_put(&m, str_of(k->name), &m);
    }
    struct diag *d;
    if (shape_row(s, key->text))
        d = node_error(c->diags, c->file, key, "unknown_key", "类型 %s 没有键“%.*s”",
                       "The type %s has no key “%.*s”", v->word, STR_ARG(key->text));
    else
        d = node_error(c->diags, c->file, key, "unknown_key", "这里没有键“%.*s”",
                       "There is no key “%.*s” here", STR_ARG(key->text));
    diag_suggest(c->diags, d, map_nearest(&m, key->text));
}

static bool needed(const struct key_row *k, int found, const struct variant *v)
{
    if (k->flags & KEY_REQUIRED)
        return true;
    return found > 0 && v->need && word_index(v->need, str_of(k->name)) >= 0;
}

static void check_obj(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    struct variant v = {0};
    int found = find_variant(s, n, &v);
    if (found == 0)
        unknown_tag(c, s, n);
    for (size_t i = 0; i < n->n; i++) {
        const struct yaml_node *key = n->keys[i];
        const struct key_row *k = shape_row(s, key->text);
        if (str_starts(key->text, STR("x-")))
            continue;
        if (!k || !key_allowed(k, found, &v))
            unknown_key(c, s, key, found, &v);
        else if (!(s->tag && str_eqz(key->text, s->tag)))
            check(c, k->shape, n->items[i]);
    }
    for (const struct key_row *k = s->keys; k->name; k++) {
        if (needed(k, found, &v) && !yaml_get(n, k->name))
            node_error(c->diags, c->file, n, "missing_key", "缺少必需的键“%s”",
                       "The key “%s” is missing", k->name);
    }
}

/* '*', '@group', 'field', 'table.column' */
static bool right_key_ok(struct str key)
{
    struct str head, tail = str_cut(key, '.', &head);
    if (str_eqz(key, "*"))
        return true;
    if (key.n && key.p[0] == '@')
        return str_is_key(str_sub(key, 1, key.n));
    if (key.n && key.p[0] == '_')
        return true; /* looked up later */
    return str_is_key(head) && (head.n == key.n || str_is_key(tail));
}

static void check_map_key(struct check *c, const struct shape *s, const struct yaml_node *key)
{
    if (s->flags & SHAPE_KEYS_FREE) {
        size_t n = utf8_len(key->text);
        if (n < 1 || n > 63)
            need_kind(c, key, " 1 到 63 个字符的键", "a key of 1 to 63 characters");
    } else if (s->flags & SHAPE_KEYS_RIGHT) {
        if (!right_key_ok(key->text))
            need_kind(c, key, "字段、'*'、'@字段组' 或 表.列",
                      "a field, '*', '@group' or table.column");
    } else if (!(s->flags & SHAPE_KEYS_SYS) || !key->text.n || key->text.p[0] != '_') {
        check_key_text(c, key);
    }
}

static void check_many(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    if ((s->flags & SHAPE_NOT_EMPTY) && !n->n)
        need_kind(c, n, "至少一项", "at least one item");
    for (size_t i = 0; i < n->n; i++) {
        if (s->kind == SHAPE_MAP && str_starts(n->keys[i]->text, STR("x-")))
            continue;
        if (s->kind == SHAPE_MAP)
            check_map_key(c, s, n->keys[i]);
        check(c, s->of, n->items[i]);
    }
}

static enum yaml_kind kind_of(const struct shape *s)
{
    if (s->kind == SHAPE_OBJ || s->kind == SHAPE_MAP)
        return YAML_MAP;
    return s->kind == SHAPE_LIST ? YAML_SEQ : YAML_SCALAR;
}

/* An empty value stands for an empty object, list or map; a scalar place needs something. */
static bool check_null(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    if (!yaml_is_null(n) || s->kind == SHAPE_ANY || s->kind == SHAPE_VALUE)
        return false;
    if (kind_of(s) == YAML_SCALAR || (s->flags & SHAPE_NOT_EMPTY))
        node_error(c->diags, c->file, n, "empty_value", "这里没有写内容",
                   "Something is missing here");
    else if (s->kind == SHAPE_OBJ)
        check_obj(c, s, n);
    return true;
}

static const struct shape *alternative(const struct shape *s, const struct yaml_node *n)
{
    for (size_t i = 0; s->any[i]; i++) {
        const struct shape *x = s->any[i];
        if (x->kind == SHAPE_ANY || kind_of(x) == n->kind)
            return x;
    }
    return s->any[0];
}

static void check(struct check *c, const struct shape *s, const struct yaml_node *n)
{
    if (s->kind == SHAPE_ONE_OF)
        s = alternative(s, n);
    if (s->kind == SHAPE_ANY || s->kind == SHAPE_VALUE || check_null(c, s, n))
        return;
    if (kind_of(s) != n->kind) {
        if (kind_of(s) == YAML_MAP)
            need_kind(c, n, "一组“键: 值”", "a mapping");
        else if (kind_of(s) == YAML_SEQ)
            need_kind(c, n, "一个列表", "a list");
        else
            need_kind(c, n, "单个值", "a single value");
    } else if (s->kind == SHAPE_OBJ) {
        check_obj(c, s, n);
    } else if (n->kind == YAML_SCALAR) {
        check_scalar(c, s, n);
    } else {
        check_many(c, s, n);
    }
}

void shape_check(const struct shape *s, const struct yaml_node *n, const struct src_file *file,
                 struct diags *diags)
{
    struct check c = {.file = file, .diags = diags};
    check(&c, s, n);
}

/* ---- readers ---- */

const struct yaml_node *node_of(const struct yaml_node *map, const char *key, enum yaml_kind kind)
{
    const struct yaml_node *n = yaml_get(map, key);
    return n && n->kind == kind ? n : NULL;
}

const struct yaml_node *node_scalar(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *n = node_of(map, key, YAML_SCALAR);
    return n && !yaml_is_null(n) ? n : NULL;
}

struct str node_text(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *n = node_scalar(map, key);
    return n ? n->text : STR_NONE;
}

bool node_bool(const struct yaml_node *map, const char *key, bool absent)
{
    const struct yaml_node *n = node_scalar(map, key);
    if (!n || n->quoted)
        return absent;
    if (str_ieq(n->text, STR("true")))
        return true;
    return str_ieq(n->text, STR("false")) ? false : absent;
}

int64_t node_int(const struct yaml_node *map, const char *key, int64_t absent)
{
    const struct yaml_node *n = node_scalar(map, key);
    int64_t i;
    return n && str_int(n->text, INT64_MIN, INT64_MAX, &i) ? i : absent;
}

const struct yaml_node *const *node_items(struct arena *a, const struct yaml_node *node, size_t *n)
{
    *n = 0;
    if (!node || (node->kind == YAML_SCALAR && yaml_is_null(node)))
        return NULL;
    size_t count = node->kind == YAML_SEQ ? node->n : 1;
    const struct yaml_node **list = ARENA_ARRAY(a, const struct yaml_node *, count);
    for (size_t i = 0; i < count; i++)
        list[i] = node->kind == YAML_SEQ ? node->items[i] : node;
    *n = count;
    return list;
}

const struct yaml_node *const *node_list(struct arena *a, const struct yaml_node *map,
                                         const char *key, size_t *n)
{
    return node_items(a, yaml_get(map, key), n);
}

struct str *node_texts(struct arena *a, const struct yaml_node *map, const char *key, size_t *n)
{
    size_t count, made = 0;
    const struct yaml_node *const *list = node_list(a, map, key, &count);
    struct str *out = ARENA_ARRAY(a, struct str, count);
    for (size_t i = 0; i < count; i++) {
        if (list[i]->kind == YAML_SCALAR)
            out[made++] = list[i]->text;
    }
    *n = made;
    return out;
}

bool duration_parse(struct str s, struct duration *out)
{
    static const char *const units[] = {"second", "minute", "hour", "day", "workday",
                                        "week",   "month",  "year", NULL};
    struct str head, unit = str_trim(str_cut(str_trim(s), ' ', &head));
    if (unit.n > 1 && unit.p[unit.n - 1] == 's')
        unit.n--;
    int at = str_eqz(unit, "s") ? UNIT_SECOND : word_index(units, unit);
    if (at < 0 || !str_int(head, -100000, 100000, &out->count))
        return false;
    out->unit = (enum duration_unit)at;
    return true;
}
