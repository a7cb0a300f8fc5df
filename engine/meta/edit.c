/*
 * JSON Patch on a YAML text. Every operation is applied twice: to the text, by splices, and to the
 * tree of values; the new text must parse to the new tree, else nothing is changed.
 *
 * A collection put in place of another is taken apart into what really differs, so that comments
 * and layout of everything else survive what the designer sends.
 */
#include "engine/meta/edit.h"

#include "engine/base/vec.h"
#include "engine/meta/edit_int.h"

#define OPS_MAX        1000
#define PATH_MAX_PARTS 40

#define GENERATION_BYTES ((size_t)256 << 20)

/* The text after the steps so far, its nodes, and what the next step makes on the way: all of it
 * goes when the next text is accepted. What must live longer is in `a`. */
struct edit {
    struct arena *a;    /* the caller's */
    struct arena *gen;  /* of text and root */
    struct arena *next; /* being tried; else NULL */
    struct str text;
    struct yaml_node *root;
    struct err *err;
};

struct pointer {
    struct str part[PATH_MAX_PARTS]; /* in the patch or the caller's arena */
    size_t n;
};

/* ---- the text ---- */

static void free_generations(void *arg)
{
    struct edit *e = arg;
    arena_free(&e->gen);
    arena_free(&e->next);
}

static void begin_next(struct edit *e)
{
    e->next = arena_new(GENERATION_BYTES);
    if (!e->next)
        oom_raise();
}

static void take_next(struct edit *e, struct str text, struct yaml_node *root)
{
    arena_free(&e->gen);
    e->gen = e->next;
    e->next = NULL;
    e->text = text;
    e->root = root;
}

static int load(struct edit *e, struct str source)
{
    struct diags diags;
    begin_next(e);
    diags_init(&diags, e->next);
    struct str text = str_dup(e->next, source);
    struct yaml_node *root = yaml_parse(e->next, STR(""), text, &diags);
    if (!root && diags.list.n) {
        const struct diag *d = &diags.list.v[0];
        err_set(e->err, ERR_INVALID, "yaml", "第 %u 行第 %u 列：%.*s。",
                "Line %u, column %u: %.*s.", d->pos.line, d->pos.column, STR_ARG(d->zh));
        return -1;
    }
    if (!root)
        return err_set(e->err, ERR_INVALID, "yaml", "文件不是有效的 YAML。",
                       "The file is no valid YAML.");
    take_next(e, text, root);
    return 0;
}

/* ---- JSON pointers ---- */

static struct str unescape(struct arena *a, struct str s)
{
    struct strb b;
    if (str_findc(s, '~') < 0)
        return s;
    strb_init(&b, a);
    for (size_t i = 0; i < s.n; i++) {
        bool tilde = s.p[i] == '~' && i + 1 < s.n && (s.p[i + 1] == '0' || s.p[i + 1] == '1');
        strb_addc(&b, !tilde ? s.p[i] : s.p[i + 1] == '0' ? '~' : '/');
        i += tilde;
    }
    return strb_str(&b);
}

static int parse_pointer(struct edit *e, struct val v, const char *what, struct pointer *out)
{
    struct str s = val_str(v), part;
    out->n = 0;
    if (v.kind != VAL_TEXT || (s.n && s.p[0] != '/'))
        return err_set(e->err, ERR_INVALID, "patch", "%s 应是以 / 开头的路径。",
                       "`%s` must be a path that begins with /.", what);
    bool more = s.n > 0;
    s = str_sub(s, 1, s.n);
    while (more) {
        if (out->n >= PATH_MAX_PARTS)
            return err_set(e->err, ERR_INVALID, "patch", "%s 的路径太长。",
                           "The path of `%s` is too long.", what);
        more = str_findc(s, '/') >= 0;
        s = str_cut(s, '/', &part);
        out->part[out->n++] = unescape(e->a, part);
    }
    return 0;
}

static int no_place(struct edit *e, const struct pointer *p)
{
    struct str last = p->n ? p->part[p->n - 1] : STR("");
    return err_set(e->err, ERR_INVALID, "patch_path", "没有“%.*s”这个位置。",
                   "There is no place “%.*s”.", STR_ARG(last));
}

/* The index of a part in a collection: n when it is not there, or the end of a list. */
static size_t index_in(const struct yaml_node *n, struct str part)
{
    int64_t i;
    for (size_t k = 0; n->kind == YAML_MAP && k < n->n; k++) {
        if (str_eq(n->keys[k]->text, part))
            return k;
    }
    if (n->kind == YAML_SEQ && str_int(part, 0, (int64_t)n->n, &i))
        return (size_t)i;
    return n->n;
}

/* The node at the first `depth` parts. */
static int locate(struct edit *e, const struct pointer *p, size_t depth, struct spot *out)
{
    *out = (struct spot){.node = e->root};
    for (size_t i = 0; i < depth; i++) {
        struct yaml_node *n = out->node;
        size_t k = n->kind == YAML_SCALAR ? 0 : index_in(n, p->part[i]);
        if (n->kind == YAML_SCALAR || k >= n->n)
            return no_place(e, p);
        *out = (struct spot){
            .parent = n, .index = k, .node = n->items[k], .flow = out->flow || n->flow};
    }
    return 0;
}

/* ---- the tree ---- */

static struct val obj_with(struct arena *a, struct val obj, size_t index, struct pair add,
                           bool replace)
{
    struct pair *out = ARENA_ARRAY(a, struct pair, obj.n + 1);
    size_t made = 0;
    for (size_t i = 0; i <= obj.n; i++) {
        if (i == index)
            out[made++] = add;
        if (i < obj.n && !(replace && i == index))
            out[made++] = obj.obj[i];
    }
    return (struct val){.kind = VAL_OBJ, .n = (uint32_t)made, .obj = out};
}

static struct val list_with(struct arena *a, struct val list, size_t index, struct val add,
                            bool replace)
{
    struct val *out = ARENA_ARRAY(a, struct val, list.n + 1);
    size_t made = 0;
    for (size_t i = 0; i <= list.n; i++) {
        if (i == index)
            out[made++] = add;
        if (i < list.n && !(replace && i == index))
            out[made++] = list.list[i];
    }
    return (struct val){.kind = VAL_LIST, .n = (uint32_t)made, .list = out};
}

static struct val without(struct arena *a, struct val v, size_t index)
{
    struct val out = v;
    struct pair *pairs = ARENA_ARRAY(a, struct pair, v.n);
    struct val *items = ARENA_ARRAY(a, struct val, v.n);
    out.n = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (i == index)
            continue;
        if (v.kind == VAL_OBJ)
            pairs[out.n++] = v.obj[i];
        else
            items[out.n++] = v.list[i];
    }
    if (v.kind == VAL_OBJ)
        out.obj = pairs;
    else
        out.list = items;
    return out;
}

enum tree_op { TREE_SET, TREE_INSERT, TREE_REMOVE, TREE_RENAME };

struct tree_change {
    enum tree_op op;
    size_t index;
    struct str key;
    struct val value;
};

static struct val change_here(struct arena *a, struct val v, const struct tree_change *c)
{
    if (c->op == TREE_REMOVE)
        return without(a, v, c->index);
    if (v.kind == VAL_LIST)
        return list_with(a, v, c->index, c->value, c->op == TREE_SET);
    struct pair p = {c->key, c->value};
    if (c->op == TREE_SET)
        p.key = v.obj[c->index].key;
    if (c->op == TREE_RENAME)
        p.value = v.obj[c->index].value;
    return obj_with(a, v, c->index, p, c->op != TREE_INSERT);
}

/* Changes the collection at `depth` parts. */
static struct val change_at(struct arena *a, struct val v, const struct pointer *p, size_t from,
                            size_t depth, const struct tree_change *c)
{
    if (from == depth)
        return change_here(a, v, c);
    for (size_t i = 0; i < v.n; i++) {
        int64_t k;
        bool here = v.kind == VAL_OBJ ? str_eq(v.obj[i].key, p->part[from])
                                      : str_int(p->part[from], 0, INT32_MAX, &k) && (size_t)k == i;
        if (!here)
            continue;
        struct val below = v.kind == VAL_OBJ ? v.obj[i].value : v.list[i];
        struct val changed = change_at(a, below, p, from + 1, depth, c);
        if (v.kind == VAL_LIST)
            return list_with(a, v, i, changed, true);
        return obj_with(a, v, i, (struct pair){v.obj[i].key, changed}, true);
    }
    return v;
}

/* Same content in the same order. */
static bool same_tree(struct val x, struct val y)
{
    if (x.kind == VAL_OBJ || y.kind == VAL_OBJ) {
        bool same = x.kind == y.kind && x.n == y.n;
        for (uint32_t i = 0; same && i < x.n; i++)
            same = str_eq(x.obj[i].key, y.obj[i].key) && same_tree(x.obj[i].value, y.obj[i].value);
        return same;
    }
    if (x.kind == VAL_LIST || y.kind == VAL_LIST) {
        bool same = x.kind == y.kind && x.n == y.n;
        for (uint32_t i = 0; same && i < x.n; i++)
            same = same_tree(x.list[i], y.list[i]);
        return same;
    }
    if (x.kind == VAL_TEXT || y.kind == VAL_TEXT)
        return x.kind == y.kind && str_eq(val_str(x), val_str(y));
    return val_same(x, y);
}

/* Takes the new text when it is the wanted tree. */
static bool accept(struct edit *e, struct str text, struct val want)
{
    struct diags diags;
    if (text.n > YAML_MAX_BYTES)
        return false;
    begin_next(e);
    diags_init(&diags, e->next);
    text = str_dup(e->next, text);
    struct yaml_node *root = yaml_parse(e->next, STR(""), text, &diags);
    if (!root || !same_tree(yaml_val(e->next, root), want)) {
        arena_free(&e->next);
        return false;
    }
    take_next(e, text, root);
    return true;
}

static int refuse(struct edit *e)
{
    if (e->text.n > YAML_MAX_BYTES / 2)
        return err_set(e->err, ERR_TOO_LARGE, "patch", "改后的文件太大。",
                       "The edited file would be too large.");
    return err_set(e->err, ERR_INTERNAL, "edit", "这处改动无法写进文件，请直接编辑文本。",
                   "This edit cannot be written into the file; edit its text instead.");
}

/* ---- steps: each changes text and tree together ---- */

static struct val tree(struct edit *e)
{
    return yaml_val(e->gen, e->root);
}

static int step_set(struct edit *e, const struct pointer *p, struct val v);

static int step_remove(struct edit *e, const struct pointer *p)
{
    struct spot s;
    if (locate(e, p, p->n, &s) < 0)
        return -1;
    if (!s.parent)
        return err_set(e->err, ERR_INVALID, "patch", "不能删除整个文件的内容。",
                       "The whole content cannot be removed.");
    if (s.parent->n == 1 && !s.parent->flow && p->n > 1) { /* "key: {}" is left */
        struct pointer above = *p;
        bool map = s.parent->kind == YAML_MAP;
        above.n--;
        return step_set(e, &above, (struct val){.kind = map ? VAL_OBJ : VAL_LIST});
    }
    struct tree_change c = {.op = TREE_REMOVE, .index = s.index};
    struct val want = change_at(e->gen, tree(e), p, 0, p->n - 1, &c);
    if (accept(e, splice_remove(e->gen, e->text, &s), want))
        return 0;
    return refuse(e);
}

static int step_insert(struct edit *e, const struct pointer *p, size_t index, struct val v)
{
    struct spot s;
    if (locate(e, p, p->n - 1, &s) < 0)
        return -1;
    struct tree_change c = {
        .op = TREE_INSERT, .index = index, .key = p->part[p->n - 1], .value = v};
    struct val want = change_at(e->gen, tree(e), p, 0, p->n - 1, &c);
    if (accept(e, splice_insert(e->gen, e->text, &s, index, c.key, v), want))
        return 0;
    return refuse(e);
}

/* The value anew, whatever stood there. */
static int step_set(struct edit *e, const struct pointer *p, struct val v)
{
    struct spot s;
    if (locate(e, p, p->n, &s) < 0)
        return -1;
    struct tree_change c = {.op = TREE_SET, .index = s.index, .value = v};
    struct val want = p->n ? change_at(e->gen, tree(e), p, 0, p->n - 1, &c) : v;
    if (accept(e, splice_replace(e->gen, e->text, &s, v), want))
        return 0;
    /* A block that does not fit where it stands goes onto one line. */
    if (s.parent &&
        accept(e, splice(e->gen, e->text, s.node->from, s.node->to, emit_flow(e->gen, v, true)),
               want))
        return 0;
    return refuse(e);
}

static int step_rename(struct edit *e, const struct pointer *p, struct str key)
{
    struct spot s;
    if (locate(e, p, p->n, &s) < 0)
        return -1;
    struct tree_change c = {.op = TREE_RENAME, .index = s.index, .key = key};
    struct val want = change_at(e->gen, tree(e), p, 0, p->n - 1, &c);
    return accept(e, splice_rename(e->gen, e->text, &s, key), want) ? 0 : refuse(e);
}

/* ---- replace: only what differs ---- */

static int replace_deep(struct edit *e, struct pointer *p, struct val v);

static size_t key_index(struct val obj, struct str key)
{
    for (size_t i = 0; i < obj.n; i++) {
        if (str_eq(obj.obj[i].key, key))
            return i;
    }
    return obj.n;
}

static int with_part(struct edit *e, struct pointer *p, struct str part)
{
    if (p->n >= PATH_MAX_PARTS)
        return err_set(e->err, ERR_INVALID, "patch", "嵌套太深。", "Nested too deeply.");
    p->part[p->n++] = part;
    return 0;
}

/* Keys that are gone. Leaves at least one, so that the block stays a block. */
static int drop_keys(struct edit *e, struct pointer *p, struct val old, struct val v)
{
    size_t left = old.n;
    for (size_t i = 0; i < old.n; i++) {
        if (key_index(v, old.obj[i].key) < v.n || left <= 1)
            continue;
        if (with_part(e, p, old.obj[i].key) < 0 || step_remove(e, p) < 0)
            return -1;
        p->n--;
        left--;
    }
    return 0;
}

/* The order of the new map, when the text allows to move whole entries; else the map is written
 * anew. */
static int order_keys(struct edit *e, struct pointer *p, struct val v, bool *done)
{
    struct spot s;
    *done = true;
    if (locate(e, p, p->n, &s) < 0)
        return -1;
    struct val old = yaml_val(e->gen, s.node);
    size_t *order = ARENA_ARRAY(e->gen, size_t, old.n), n = 0;
    bool sorted = true;
    for (size_t i = 0; i < v.n; i++) {
        size_t at = key_index(old, v.obj[i].key);
        if (at < old.n) {
            sorted = sorted && at == n;
            order[n++] = at;
        }
    }
    if (n != old.n) {
        *done = false;
        return 0;
    }
    if (sorted)
        return 0;
    struct pair *pairs = ARENA_ARRAY(e->gen, struct pair, n);
    for (size_t i = 0; i < n; i++)
        pairs[i] = old.obj[order[i]];
    struct val moved = {.kind = VAL_OBJ, .n = (uint32_t)n, .obj = pairs};
    struct tree_change c = {.op = TREE_SET, .index = s.index, .value = moved};
    struct val want = p->n ? change_at(e->gen, tree(e), p, 0, p->n - 1, &c) : moved;
    struct str text = splice_reorder(e->gen, e->text, &s, order);
    *done = text.p && accept(e, text, want);
    return 0;
}

static int replace_map(struct edit *e, struct pointer *p, struct val old, struct val v)
{
    bool done;
    if (drop_keys(e, p, old, v) < 0 || order_keys(e, p, v, &done) < 0)
        return -1;
    if (!done)
        return step_set(e, p, v);
    for (size_t i = 0; i < v.n; i++) {
        struct spot s;
        if (locate(e, p, p->n, &s) < 0)
            return -1;
        bool there = index_in(s.node, v.obj[i].key) < s.node->n;
        if (with_part(e, p, v.obj[i].key) < 0)
            return -1;
        int rc = there ? replace_deep(e, p, v.obj[i].value) : step_insert(e, p, i, v.obj[i].value);
        p->n--;
        if (rc < 0)
            return -1;
    }
    return 0;
}

static struct str number(struct edit *e, size_t i)
{
    return str_fmt(e->a, "%zu", i);
}

/* Items in the middle that differ; equal ones at both ends stay untouched. */
static int replace_list(struct edit *e, struct pointer *p, struct val old, struct val v)
{
    size_t head = 0, tail = 0, least = MIN(old.n, v.n);
    while (head < least && same_tree(old.list[head], v.list[head]))
        head++;
    while (tail < least - head && same_tree(old.list[old.n - 1 - tail], v.list[v.n - 1 - tail]))
        tail++;
    size_t gone = old.n - head - tail, come = v.n - head - tail;
    if (v.n == 0 || old.n == 0 || (gone == old.n && gone > 1 && come != gone))
        return step_set(e, p, v);
    for (size_t i = 0; i < MAX(gone, come); i++) {
        size_t at = head + MIN(i, come);
        int rc = with_part(e, p, number(e, at));
        if (rc == 0 && i < gone && i < come)
            rc = replace_deep(e, p, v.list[at]);
        else if (rc == 0)
            rc = i < come ? step_insert(e, p, at, v.list[at]) : step_remove(e, p);
        p->n--;
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int replace_deep(struct edit *e, struct pointer *p, struct val v)
{
    struct spot s;
    if (locate(e, p, p->n, &s) < 0)
        return -1;
    struct val old = yaml_val(e->gen, s.node);
    if (same_tree(old, v))
        return 0;
    old = val_copy(e->a, old);
    struct str before = str_dup(e->a, e->text);
    int rc = -1;
    if (old.kind == VAL_OBJ && v.kind == VAL_OBJ && v.n && old.n)
        rc = replace_map(e, p, old, v);
    else if (old.kind == VAL_LIST && v.kind == VAL_LIST)
        rc = replace_list(e, p, old, v);
    else
        return step_set(e, p, v);
    if (rc == 0)
        return 0;
    if (load(e, before) < 0) /* step by step did not work: at once */
        return -1;
    return step_set(e, p, v);
}

/* ---- the operations ---- */

static int op_add(struct edit *e, struct pointer *p, struct val v)
{
    struct spot s;
    if (!p->n)
        return replace_deep(e, p, v);
    if (locate(e, p, p->n - 1, &s) < 0)
        return -1;
    struct str last = p->part[p->n - 1];
    size_t index = index_in(s.node, last);
    int64_t ignored;
    if (s.node->kind == YAML_SCALAR && !yaml_is_null(s.node))
        return no_place(e, p);
    if (s.node->kind == YAML_SCALAR) { /* "fields:" with nothing yet */
        struct pair one = {last, v};
        struct pointer parent = *p;
        parent.n--;
        bool list = str_eqz(last, "-") || str_eqz(last, "0");
        return step_set(e, &parent, list ? val_list(&v, 1) : val_obj(&one, 1));
    }
    if (s.node->kind == YAML_MAP && index < s.node->n)
        return replace_deep(e, p, v);
    if (s.node->kind == YAML_SEQ && !str_eqz(last, "-") &&
        !str_int(last, 0, (int64_t)s.node->n, &ignored))
        return no_place(e, p);
    return step_insert(e, p, index, v);
}

static int value_at(struct edit *e, const struct pointer *p, struct val *out)
{
    struct spot s;
    if (locate(e, p, p->n, &s) < 0)
        return -1;
    *out = val_copy(e->a, yaml_val(e->gen, s.node));
    return 0;
}

static bool same_parent(const struct pointer *x, const struct pointer *y)
{
    bool same = x->n == y->n && x->n > 0;
    for (size_t i = 0; same && i + 1 < x->n; i++)
        same = str_eq(x->part[i], y->part[i]);
    return same;
}

/* Inside one map a move is a rename: the entry stays where it is, with its comments. */
static int op_move(struct edit *e, struct pointer *from, struct pointer *to)
{
    struct spot s, parent;
    struct val v;
    if (locate(e, from, from->n, &s) < 0 || value_at(e, from, &v) < 0)
        return -1;
    if (s.parent && s.parent->kind == YAML_MAP && same_parent(from, to)) {
        struct str key = to->part[to->n - 1];
        if (str_eq(key, from->part[from->n - 1]))
            return 0;
        if (locate(e, to, to->n - 1, &parent) == 0 && index_in(parent.node, key) >= parent.node->n)
            return step_rename(e, from, key);
    }
    if (step_remove(e, from) < 0)
        return -1;
    return op_add(e, to, v);
}

static int op_test(struct edit *e, const struct pointer *p, struct val want)
{
    struct val have;
    if (value_at(e, p, &have) < 0)
        return -1;
    if (!same_tree(have, want))
        return err_set(e->err, ERR_CONFLICT, "patch_test", "文件已被别人改动，请重新载入。",
                       "The file was changed by somebody else; load it again.");
    return 0;
}

static int apply(struct edit *e, struct val op)
{
    struct str verb = val_str(val_get(op, STR("op")));
    struct val value = val_get(op, STR("value"));
    struct pointer path, from;
    bool takes_value = str_eqz(verb, "add") || str_eqz(verb, "replace") || str_eqz(verb, "test");
    bool takes_from = str_eqz(verb, "move") || str_eqz(verb, "copy");
    if (op.kind != VAL_OBJ || parse_pointer(e, val_get(op, STR("path")), "path", &path) < 0)
        return op.kind == VAL_OBJ
                   ? -1
                   : err_set(e->err, ERR_INVALID, "patch", "每个操作应是 {op, path, …}。",
                             "Each operation is {op, path, …}.");
    if (takes_value && value.kind == VAL_ABSENT)
        return err_set(e->err, ERR_INVALID, "patch", "操作 %.*s 缺少 value。",
                       "The operation %.*s needs a value.", STR_ARG(verb));
    if (takes_from && parse_pointer(e, val_get(op, STR("from")), "from", &from) < 0)
        return -1;
    if (str_eqz(verb, "add"))
        return op_add(e, &path, value);
    if (str_eqz(verb, "remove"))
        return step_remove(e, &path);
    if (str_eqz(verb, "replace"))
        return replace_deep(e, &path, value);
    if (str_eqz(verb, "test"))
        return op_test(e, &path, value);
    if (str_eqz(verb, "move"))
        return op_move(e, &from, &path);
    if (str_eqz(verb, "copy"))
        return value_at(e, &from, &value) < 0 ? -1 : op_add(e, &path, value);
    return err_set(e->err, ERR_INVALID, "patch", "没有操作“%.*s”。",
                   "There is no operation “%.*s”.", STR_ARG(verb));
}

int yaml_edit(struct arena *a, struct str text, struct val patch, struct str *out, struct err *err)
{
    struct edit *e = ARENA_NEW(a, struct edit);
    int rc = 0;
    *e = (struct edit){.a = a, .err = err};
    if (patch.kind != VAL_LIST || patch.n > OPS_MAX)
        return err_set(err, ERR_INVALID, "patch", "改动应是至多 %d 个操作的列表。",
                       "A patch is a list of at most %d operations.", OPS_MAX);
    arena_defer(a, free_generations, e);
    rc = load(e, text);
    for (uint32_t i = 0; i < patch.n && rc == 0; i++) {
        rc = apply(e, patch.list[i]);
        if (rc < 0)
            err_at(err, "[%u]", i);
    }
    if (rc == 0)
        *out = str_dup(a, e->text);
    arena_undefer(a, e);
    free_generations(e);
    return rc;
}
