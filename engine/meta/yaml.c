/*
 * Text to nodes over libyaml's event interface: the only file that includes <yaml.h>.
 *
 * libyaml types nothing and forbids little, so all limits stand here: size, depth, number of nodes,
 * and no anchors, aliases, tags, merge keys, duplicate keys or second documents. Its marks count
 * characters; a table of checkpoints turns them into byte offsets, for edits at a node's span.
 */
#include "engine/meta/yaml.h"

#include <yaml.h>

#include "engine/base/map.h"
#include "engine/base/utf8.h"
#include "engine/base/vec.h"
#include "engine/value/num.h"

#define STEP 64 /* characters between two checkpoints */

struct parse {
    struct arena *a;
    struct str file;
    struct str text; /* behind a byte order mark */
    size_t base;     /* bytes of that mark */
    struct diags *diags;
    yaml_parser_t parser;
    yaml_event_t ev; /* the current event */
    bool have;       /* ev must be deleted */
    bool stop;       /* a limit or a syntax error: no more events */
    bool bad;        /* some mistake was reported */
    size_t nodes;
    uint32_t *checkpoints; /* byte offset of character i * STEP */
};

/* ---- positions ---- */

static void make_checkpoints(struct parse *p)
{
    size_t chars = 0;
    p->checkpoints = ARENA_ARRAY(p->a, uint32_t, p->text.n / STEP + 2);
    for (size_t pos = 0; pos < p->text.n; chars++) {
        if (chars % STEP == 0)
            p->checkpoints[chars / STEP] = (uint32_t)pos;
        utf8_next(p->text, &pos);
    }
    if (chars % STEP == 0)
        p->checkpoints[chars / STEP] = (uint32_t)p->text.n;
}

static size_t byte_of(const struct parse *p, const yaml_mark_t *m)
{
    size_t at = p->checkpoints[m->index / STEP];
    struct str rest = str_sub(p->text, at, p->text.n);
    return p->base + at + utf8_offset(rest, m->index % STEP);
}

static struct src_pos pos_of(const yaml_mark_t *m)
{
    return (struct src_pos){(uint32_t)m->line + 1, (uint32_t)m->column + 1};
}

struct src_pos yaml_pos_at(struct str source, size_t offset)
{
    struct src_pos at = {1, 1};
    for (size_t pos = 0; pos < source.n && pos < offset;) {
        bool line = source.p[pos] == '\n';
        utf8_next(source, &pos);
        at.line += line;
        at.column = line ? 1 : at.column + 1;
    }
    return at;
}

/* ---- mistakes ---- */

/* What libyaml says, in Chinese. Others are shown as they are. */
static const struct {
    const char *en, *zh;
} problems[] = {
    {"mapping values are not allowed in this context",
     "这里不能再出现“键: 值”，多半是缩进不对，或文字里的冒号没有加引号"},
    {"could not find expected ':'", "这里缺少冒号“:”"},
    {"did not find expected key", "这里应当是一个键，请检查缩进和引号"},
    {"did not find expected '-' indicator", "这里应当是列表项“-”，请检查缩进"},
    {"did not find expected ',' or '}'", "花括号里缺少“,”或“}”"},
    {"did not find expected ',' or ']'", "方括号里缺少“,”或“]”"},
    {"found character that cannot start any token",
     "有不能用在开头的字符（例如制表符、@、`、%），请加引号"},
    {"found unexpected end of stream", "文件在引号里就结束了，缺少收尾的引号"},
    {"found unexpected document indicator", "引号里出现了文档分隔符"},
    {"did not find expected <document start>", "文档后面还有多余的内容"},
    {"block sequence entries are not allowed in this context", "这里不能写列表项“-”，请检查缩进"},
    {"block mapping entries are not allowed in this context", "这里不能写“键: 值”，请检查缩进"},
    {"mapping keys are not allowed in this context", "这里不能写键，请检查缩进"},
    {"did not find expected node content", "这里缺少内容"},
    {"control characters are not allowed", "有不允许的控制字符"},
    {"found unknown escape character", "双引号里有不认识的转义字符"},
    {"found a tab character that violates indentation", "缩进里有制表符，请改用空格"},
    {"found undefined tag handle", "不使用标签（!）"},
};

static void mistake(struct parse *p, struct src_pos pos, const char *key, const char *zh,
                    const char *en)
{
    p->bad = true;
    diag_file(p->diags, DIAG_ERROR, p->file, pos, key, "%s%.0s", "%.0s%s", zh, en);
}

static void syntax_error(struct parse *p)
{
    const yaml_parser_t *y = &p->parser;
    const char *en = y->problem ? y->problem : "the text is no YAML";
    const char *zh = NULL;
    struct src_pos pos = y->error == YAML_READER_ERROR ? yaml_pos_at(p->text, y->problem_offset)
                                                       : pos_of(&y->problem_mark);
    for (size_t i = 0; i < ARRAY_LEN(problems) && !zh; i++) {
        if (strcmp(problems[i].en, en) == 0)
            zh = problems[i].zh;
    }
    p->stop = p->bad = true;
    diag_file(p->diags, DIAG_ERROR, p->file, pos, "yaml", "YAML 写法有误：%s%.0s",
              "This is no valid YAML: %.0s%s", zh ? zh : en, en);
}

/* ---- events ---- */

/* Drops the current event and reads the next; false at the end of reading. */
static bool advance(struct parse *p)
{
    if (p->have)
        yaml_event_delete(&p->ev);
    p->have = false;
    if (p->stop)
        return false;
    if (!yaml_parser_parse(&p->parser, &p->ev)) {
        syntax_error(p);
        return false;
    }
    p->have = true;
    return true;
}

static void clean_up(void *arg)
{
    struct parse *p = arg;
    if (p->have)
        yaml_event_delete(&p->ev);
    p->have = false;
    yaml_parser_delete(&p->parser);
}

static struct yaml_node *new_node(struct parse *p, enum yaml_kind kind)
{
    struct yaml_node *n = ARENA_NEW(p->a, struct yaml_node);
    n->kind = kind;
    n->pos = pos_of(&p->ev.start_mark);
    n->from = byte_of(p, &p->ev.start_mark);
    n->to = byte_of(p, &p->ev.end_mark);
    if (++p->nodes > YAML_MAX_NODES && !p->stop) {
        p->stop = true;
        mistake(p, n->pos, "limit", "文件里的内容太多，最多 20 万项",
                "The file holds more than 200,000 nodes");
    }
    return n;
}

static void refuse_properties(struct parse *p, const void *anchor, const void *tag)
{
    struct src_pos pos = pos_of(&p->ev.start_mark);
    if (anchor)
        mistake(p, pos, "yaml_anchor", "不使用锚点（&），请把内容写全",
                "There are no anchors (&) here; write the content out");
    if (tag)
        mistake(p, pos, "yaml_tag", "不使用标签（!）", "There are no tags (!) here");
}

static bool is_float_word(struct str s)
{
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = str_sub(s, 1, s.n);
    return str_ieq(s, STR(".inf")) || str_ieq(s, STR(".nan"));
}

static struct yaml_node *parse_scalar(struct parse *p)
{
    struct yaml_node *n = new_node(p, YAML_SCALAR);
    yaml_scalar_style_t style = p->ev.data.scalar.style;
    refuse_properties(p, p->ev.data.scalar.anchor, p->ev.data.scalar.tag);
    n->text = str_dup(
        p->a, (struct str){(const char *)p->ev.data.scalar.value, p->ev.data.scalar.length});
    n->quoted = style != YAML_PLAIN_SCALAR_STYLE;
    /* A block scalar's mark runs over the blank lines and indentation behind it. */
    while (n->to > n->from && strchr("\n \r", p->text.p[n->to - 1 - p->base]))
        n->to--;
    if (!n->quoted && is_float_word(n->text))
        mistake(p, n->pos, "yaml_number", "不使用无穷大和非数字",
                "Infinity and NaN are not used here");
    advance(p);
    return n;
}

static struct yaml_node *parse_node(struct parse *p, unsigned depth);

static struct yaml_node *parse_seq(struct parse *p, unsigned depth)
{
    VEC(struct yaml_node *) items = {0};
    struct yaml_node *n = new_node(p, YAML_SEQ);
    refuse_properties(p, p->ev.data.sequence_start.anchor, p->ev.data.sequence_start.tag);
    n->flow = p->ev.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    advance(p);
    while (p->have && p->ev.type != YAML_SEQUENCE_END_EVENT)
        vec_push(p->a, &items, parse_node(p, depth + 1));
    n->items = items.v;
    n->n = items.n;
    if (p->have && (n->flow || !n->n))
        n->to = byte_of(p, &p->ev.end_mark);
    else if (n->n)
        n->to = items.v[n->n - 1]->to;
    advance(p);
    return n;
}

/* A key: a scalar, not a merge key, not said before. */
static struct yaml_node *parse_key(struct parse *p, struct map *seen, unsigned depth)
{
    struct yaml_node *key = parse_node(p, depth + 1);
    if (key->kind != YAML_SCALAR) {
        mistake(p, key->pos, "yaml_key", "键必须是一段文字", "A key must be a text");
        return key;
    }
    if (!key->quoted && str_eqz(key->text, "<<"))
        mistake(p, key->pos, "yaml_merge", "不使用合并键（<<）",
                "There are no merge keys (<<) here");
    struct yaml_node *before = map_get(seen, key->text);
    if (before) {
        p->bad = true;
        diag_file(p->diags, DIAG_ERROR, p->file, key->pos, "duplicate_key",
                  "键“%.*s”重复了，第 %u 行已经有一个",
                  "The key “%.*s” is given twice, first on line %u", STR_ARG(key->text),
                  before->pos.line);
    }
    map_put(seen, key->text, key);
    return key;
}

static struct yaml_node *parse_map(struct parse *p, unsigned depth)
{
    VEC(struct yaml_node *) keys = {0};
    VEC(struct yaml_node *) items = {0};
    struct map seen;
    struct yaml_node *n = new_node(p, YAML_MAP);
    refuse_properties(p, p->ev.data.mapping_start.anchor, p->ev.data.mapping_start.tag);
    n->flow = p->ev.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    map_init(&seen, p->a);
    advance(p);
    while (p->have && p->ev.type != YAML_MAPPING_END_EVENT) {
        struct yaml_node *key = parse_key(p, &seen, depth);
        if (!p->have)
            break;
        vec_push(p->a, &keys, key);
        vec_push(p->a, &items, parse_node(p, depth + 1));
    }
    n->keys = keys.v;
    n->items = items.v;
    n->n = items.n;
    if (p->have && (n->flow || !n->n))
        n->to = byte_of(p, &p->ev.end_mark);
    else if (n->n)
        n->to = items.v[n->n - 1]->to;
    advance(p);
    return n;
}

/* The node that the current event begins; always one, and always moves on or stops. */
static struct yaml_node *parse_node(struct parse *p, unsigned depth)
{
    if (depth > YAML_MAX_DEPTH && !p->stop) {
        mistake(p, pos_of(&p->ev.start_mark), "limit", "嵌套太深，最多 32 层",
                "Nested too deeply, at most 32 levels");
        p->stop = true;
    }
    if (!p->stop && p->ev.type == YAML_SCALAR_EVENT)
        return parse_scalar(p);
    if (!p->stop && p->ev.type == YAML_SEQUENCE_START_EVENT)
        return parse_seq(p, depth);
    if (!p->stop && p->ev.type == YAML_MAPPING_START_EVENT)
        return parse_map(p, depth);
    struct yaml_node *n = new_node(p, YAML_SCALAR);
    if (!p->stop && p->ev.type == YAML_ALIAS_EVENT)
        mistake(p, n->pos, "yaml_alias", "不使用引用（*），请把内容写全；文字以 * 开头时请加引号",
                "There is no alias (*) here; quote a text that begins with *");
    advance(p);
    return n;
}

/* ---- the document ---- */

static struct yaml_node *empty_map(struct parse *p)
{
    struct yaml_node *n = ARENA_NEW(p->a, struct yaml_node);
    n->kind = YAML_MAP;
    n->pos = (struct src_pos){1, 1};
    n->from = n->to = p->base + p->text.n;
    return n;
}

static struct yaml_node *parse_document(struct parse *p)
{
    struct yaml_node *root = NULL;
    while (advance(p) && p->ev.type != YAML_STREAM_END_EVENT) {
        if (p->ev.type != YAML_DOCUMENT_START_EVENT)
            continue;
        if (root) {
            mistake(p, pos_of(&p->ev.start_mark), "yaml_documents", "一个文件里只能有一个文档",
                    "A file holds one document only");
            p->stop = true;
            break;
        }
        if (advance(p))
            root = parse_node(p, 1);
    }
    if (!root || (root->kind == YAML_SCALAR && yaml_is_null(root)))
        return empty_map(p);
    return root;
}

static bool text_ok(struct parse *p)
{
    if (p->text.n > YAML_MAX_BYTES) {
        mistake(p, (struct src_pos){1, 1}, "limit", "文件太大，最多 1 MB",
                "The file is larger than 1 MB");
        return false;
    }
    size_t good = utf8_good(p->text);
    if (good == p->text.n)
        return true;
    mistake(p, yaml_pos_at(p->text, good), "utf8", "文件不是有效的 UTF-8",
            "The file is no valid UTF-8");
    return false;
}

struct yaml_node *yaml_parse(struct arena *a, struct str file, struct str text, struct diags *diags)
{
    struct parse *p = ARENA_NEW(a, struct parse);
    size_t base = str_starts(text, STR("\xEF\xBB\xBF")) ? 3 : 0;
    text = str_sub(text, base, text.n);
    *p = (struct parse){.a = a, .file = file, .text = text, .base = base, .diags = diags};
    if (!text_ok(p))
        return NULL;
    make_checkpoints(p);
    if (!yaml_parser_initialize(&p->parser))
        oom_raise();
    arena_defer(a, clean_up, p);
    yaml_parser_set_encoding(&p->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p->parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    struct yaml_node *root = parse_document(p);
    arena_undefer(a, p);
    clean_up(p);
    return p->bad ? NULL : root;
}

/* ---- reading nodes ---- */

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++) {
        if (map->keys[i]->kind == YAML_SCALAR && str_eqz(map->keys[i]->text, key))
            return map->items[i];
    }
    return NULL;
}

bool yaml_is_null(const struct yaml_node *n)
{
    if (n->kind != YAML_SCALAR || n->quoted)
        return false;
    return n->text.n == 0 || str_eqz(n->text, "~") || str_eqz(n->text, "null") ||
           str_eqz(n->text, "Null") || str_eqz(n->text, "NULL");
}

/* 0x1f, 0o17 of the core schema. */
static bool radix_number(struct str s, double *out)
{
    unsigned base = str_starts(s, STR("0x")) ? 16 : str_starts(s, STR("0o")) ? 8 : 0;
    uint64_t sum = 0;
    if (!base || s.n < 3 || s.n > 15)
        return false;
    for (size_t i = 2; i < s.n; i++) {
        char c = s.p[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 99;
        if (digit >= base)
            return false;
        sum = sum * base + digit;
    }
    *out = (double)sum;
    return true;
}

static struct val plain_val(const struct yaml_node *n)
{
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "False", "FALSE"};
    struct str digits = n->text;
    double num;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (str_eqz(n->text, yes[i]))
            return val_bool(true);
        if (str_eqz(n->text, no[i]))
            return val_bool(false);
    }
    if (digits.n > 1 && digits.p[0] == '+' && digits.p[1] != '-' && digits.p[1] != '+')
        digits = str_sub(digits, 1, digits.n);
    if (num_parse(digits, &num) || radix_number(n->text, &num))
        return val_num(num);
    return (struct val){.kind = VAL_TEXT, .n = (uint32_t)n->text.n, .text = n->text.p};
}

struct val yaml_val(struct arena *a, const struct yaml_node *n)
{
    if (n->kind == YAML_SCALAR) {
        if (n->quoted)
            return (struct val){.kind = VAL_TEXT, .n = (uint32_t)n->text.n, .text = n->text.p};
        return yaml_is_null(n) ? VAL_NONE : plain_val(n);
    }
    if (n->kind == YAML_SEQ) {
        struct val *items = ARENA_ARRAY(a, struct val, n->n);
        for (size_t i = 0; i < n->n; i++)
            items[i] = yaml_val(a, n->items[i]);
        return (struct val){.kind = VAL_LIST, .n = (uint32_t)n->n, .list = items};
    }
    struct pair *pairs = ARENA_ARRAY(a, struct pair, n->n);
    for (size_t i = 0; i < n->n; i++)
        pairs[i] = (struct pair){n->keys[i]->text, yaml_val(a, n->items[i])};
    return (struct val){.kind = VAL_OBJ, .n = (uint32_t)n->n, .obj = pairs};
}

/* ---- places inside a scalar ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of source that stand for the decoded byte `t`: folded lines, escapes, doubled quotes. */
static size_t source_step(struct str src, size_t s, char t)
{
    size_t e = s;
    bool line = false;
    while (is_blank(t) && e < src.n && is_blank(src.p[e]))
        line |= src.p[e++] == '\n';
    if (line)
        return e - s;
    if (src.p[s] == '\'' && t == '\'' && src.p[0] == '\'')
        return 2;
    return src.p[s] == '\\' && src.p[0] == '"' ? 2 : 1;
}

/* The same in a block scalar: a line break takes the next line's indentation along. */
static size_t block_step(struct str src, size_t s, size_t indent)
{
    size_t n = 1;
    if (src.p[s] != '\n')
        return 1;
    while (n <= indent && s + n < src.n && src.p[s + n] == ' ')
        n++;
    return n;
}

/* Where the text of a block scalar begins; its indentation. */
static size_t block_start(struct str src, size_t *indent)
{
    size_t s = 0, line;
    while (s < src.n && src.p[s] != '\n')
        s++;
    line = s;
    while (s < src.n && is_blank(src.p[s])) {
        if (src.p[s++] == '\n')
            line = s;
    }
    *indent = s - line;
    return s;
}

struct src_pos yaml_pos_in(const struct yaml_node *n, struct str source, size_t offset)
{
    struct str src = str_sub(source, n->from, n->to - n->from);
    size_t s = 0, indent = 0;
    bool block = n->quoted && src.n && (src.p[0] == '|' || src.p[0] == '>');
    if (block)
        s = block_start(src, &indent);
    else if (n->quoted)
        s = 1;
    for (size_t t = 0; t < offset && t < n->text.n && s < src.n; t++)
        s += block ? block_step(src, s, indent) : source_step(src, s, n->text.p[t]);
    struct src_pos in = yaml_pos_at(src, MIN(s, src.n));
    if (in.line == 1)
        in.column += n->pos.column - 1;
    in.line += n->pos.line - 1;
    return in;
}
