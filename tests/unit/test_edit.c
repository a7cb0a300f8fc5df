/*
 * YAML edits: each case is a text, a patch, and the text that must come out, byte for byte; then
 * random patches on random documents, of which every one must be possible.
 */
#include "tests/unit/unit.h"

#include "engine/base/strb.h"
#include "engine/meta/edit.h"
#include "engine/meta/yaml.h"
#include "engine/value/json.h"

struct edit_case {
    const char *what, *text, *patch, *want;
};

static const struct edit_case cases[] = {
    {"scalar in place, comment stays", "a: 1   # one\nb: 2\n",
     "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":7}]", "a: 7   # one\nb: 2\n"},
    {"alignment stays", "title:   旧   # 标题\nx: 1\n",
     "[{\"op\":\"replace\",\"path\":\"/title\",\"value\":\"新\"}]", "title:   新   # 标题\nx: 1\n"},
    {"empty value", "a:\nb: 2\n", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":true}]",
     "a: true\nb: 2\n"},
    {"in a flow map", "f: {type: text, title: 公司, max: 120}   # c\n",
     "[{\"op\":\"replace\",\"path\":\"/f/title\",\"value\":\"a, b\"}]",
     "f: {type: text, title: \"a, b\", max: 120}   # c\n"},
    {"add to a flow map", "f: {type: text}\n", "[{\"op\":\"add\",\"path\":\"/f/max\",\"value\":5}]",
     "f: {type: text, max: 5}\n"},
    {"add to an empty flow map", "f: {}\n", "[{\"op\":\"add\",\"path\":\"/f/max\",\"value\":5}]",
     "f: {max: 5}\n"},
    {"remove from a flow map", "f: {a: 1, b: 2, c: 3}\n", "[{\"op\":\"remove\",\"path\":\"/f/b\"}]",
     "f: {a: 1, c: 3}\n"},
    {"remove the last of a flow map", "f: {a: 1, b: 2}\n",
     "[{\"op\":\"remove\",\"path\":\"/f/b\"}]", "f: {a: 1}\n"},
    {"add to a block map goes before later comments", "m:\n  a: 1 # x\n  # behind\nn: 2\n",
     "[{\"op\":\"add\",\"path\":\"/m/b\",\"value\":\"y\"}]",
     "m:\n  a: 1 # x\n  b: y\n  # behind\nn: 2\n"},
    {"add without a last newline", "a: 1", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":2}]",
     "a: 1\nb: 2"},
    {"add to an empty file", "", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":2}]", "b: 2\n"},
    {"add to a file of comments", "# nothing yet\n",
     "[{\"op\":\"add\",\"path\":\"/b\",\"value\":2}]", "# nothing yet\nb: 2\n"},
    {"remove a block entry with its comment", "m:\n  a: 1\n  b: 2 # gone\n  # stays\n  c: 3\n",
     "[{\"op\":\"remove\",\"path\":\"/m/b\"}]", "m:\n  a: 1\n  # stays\n  c: 3\n"},
    {"remove the only entry", "m:\n  a: 1\nn: 2\n", "[{\"op\":\"remove\",\"path\":\"/m/a\"}]",
     "m: {}\nn: 2\n"},
    {"remove a nested block", "m:\n  a:\n    x: 1\n    y: 2\n  b: 3\n",
     "[{\"op\":\"remove\",\"path\":\"/m/a\"}]", "m:\n  b: 3\n"},
    {"first key of a list item", "l:\n  - a: 1\n    b: 2\n",
     "[{\"op\":\"remove\",\"path\":\"/l/0/a\"}]", "l:\n  - b: 2\n"},
    {"append to a block list", "l:\n  - a # x\n  - b\nm: 1\n",
     "[{\"op\":\"add\",\"path\":\"/l/-\",\"value\":\"c\"}]", "l:\n  - a # x\n  - b\n  - c\nm: 1\n"},
    {"insert into a block list", "l:\n  - a # x\n  - b\n",
     "[{\"op\":\"add\",\"path\":\"/l/1\",\"value\":\"c\"}]", "l:\n  - a # x\n  - c\n  - b\n"},
    {"insert at the head of a list without indentation", "l:\n- a\n- b\n",
     "[{\"op\":\"add\",\"path\":\"/l/0\",\"value\":\"c\"}]", "l:\n- c\n- a\n- b\n"},
    {"remove from a block list", "l:\n  - a\n  - b # gone\n  - c\n",
     "[{\"op\":\"remove\",\"path\":\"/l/1\"}]", "l:\n  - a\n  - c\n"},
    {"rename keeps place and comment", "a: 1\nb: 2 # two\nc: 3\n",
     "[{\"op\":\"move\",\"from\":\"/b\",\"path\":\"/x\"}]", "a: 1\nx: 2 # two\nc: 3\n"},
    {"a whole map put in place changes what differs",
     "f:\n  a: {type: text, max: 10}   # first\n  # above b\n  b: {type: number}   # second\n",
     "[{\"op\":\"replace\",\"path\":\"/"
     "f\",\"value\":{\"a\":{\"type\":\"text\",\"max\":20},\"b\":{\"type\":\"number\"}}}]",
     "f:\n  a: {type: text, max: 20}   # first\n  # above b\n  b: {type: number}   # second\n"},
    {"another order moves entries with their comments",
     "f:\n  # about a\n  a: 1 # one\n  # about b\n  b: 2\n  c: 3\n",
     "[{\"op\":\"replace\",\"path\":\"/f\",\"value\":{\"c\":3,\"a\":1,\"b\":2}}]",
     "f:\n  c: 3\n  # about a\n  a: 1 # one\n  # about b\n  b: 2\n"},
    {"add in the middle by replacing the map", "f:\n  a: 1 # one\n  b: 2\n",
     "[{\"op\":\"replace\",\"path\":\"/f\",\"value\":{\"a\":1,\"n\":{\"type\":\"text\"},\"b\":2}}]",
     "f:\n  a: 1 # one\n  n: {type: text}\n  b: 2\n"},
    {"texts that need quotes", "a: 1\n",
     "[{\"op\":\"add\",\"path\":\"/b\",\"value\":\"true\"},{\"op\":\"add\",\"path\":\"/"
     "c\",\"value\":\"12\"},"
     "{\"op\":\"add\",\"path\":\"/d\",\"value\":\"a: "
     "b\"},{\"op\":\"add\",\"path\":\"/e\",\"value\":\"status = \\\"won\\\"\"},"
     "{\"op\":\"add\",\"path\":\"/f\",\"value\":\"\"},{\"op\":\"add\",\"path\":\"/"
     "g\",\"value\":\"= USER()\"},"
     "{\"op\":\"add\",\"path\":\"/h\",\"value\":null}]",
     "a: 1\nb: \"true\"\nc: \"12\"\nd: \"a: b\"\ne: status = \"won\"\nf: \"\"\ng: = USER()\nh: "
     "null\n"},
    {"several lines", "a: 1\n", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":\"x\\n y\\nz\"}]",
     "a: 1\nb: |-\n  x\n   y\n  z\n"},
    {"over a block scalar", "a: |\n  x\n  y\nb: 2\n",
     "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":\"z\"}]", "a: z\nb: 2\n"},
    {"a big map becomes a block", "a: 1\n",
     "[{\"op\":\"add\",\"path\":\"/"
     "m\",\"value\":{\"title\":\"一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\","
     "\"help\":"
     "\"一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\"}}]",
     "a: 1\nm:\n  title: 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\n"
     "  help: 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十\n"},
    {"escaped pointer", "'*': hidden\na/b: 1\n",
     "[{\"op\":\"replace\",\"path\":\"/a~1b\",\"value\":2}]", "'*': hidden\na/b: 2\n"},
    {"key that needs quotes", "f: {a: read}\n",
     "[{\"op\":\"add\",\"path\":\"/f/@personal\",\"value\":\"masked\"}]",
     "f: {a: read, \"@personal\": masked}\n"},
    {"scalar becomes a map", "default: 1 # note\nb: 2\n",
     "[{\"op\":\"replace\",\"path\":\"/default\",\"value\":{\"x\":1}}]",
     "default: {x: 1} # note\nb: 2\n"},
    {"block becomes a scalar", "next:\n  - {to: a}\n  - {to: b}\nend: 1\n",
     "[{\"op\":\"replace\",\"path\":\"/next\",\"value\":\"done\"}]", "next: done\nend: 1\n"},
    {"carriage returns stay", "a: 1\r\nb: 2\r\n",
     "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":3}]", "a: 3\r\nb: 2\r\n"},
    {"test passes", "a: {b: [1, 2]}\n",
     "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"b\":[1,2]}},{\"op\":\"remove\",\"path\":\"/a/"
     "b/0\"}]",
     "a: {b: [2]}\n"},
    {"copy", "a: {x: 1}\n", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]",
     "a: {x: 1}\nb: {x: 1}\n"},
    {"move to elsewhere", "a:\n  x: 1\n  y: 2\nb: {z: 3}\n",
     "[{\"op\":\"move\",\"from\":\"/a/x\",\"path\":\"/b/x\"}]", "a:\n  y: 2\nb: {z: 3, x: 1}\n"},
    {"empty section gets its first entry", "forms:\n# later\nb: 1\n",
     "[{\"op\":\"add\",\"path\":\"/forms/a\",\"value\":1}]", "forms: {a: 1}\n# later\nb: 1\n"},
};

static void edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct err err = ERR_INIT;
        struct val patch;
        struct str out = STR_NONE;
        CHECK(json_parse(a, str_of(cases[i].patch), &patch, &err) == 0, cases[i].what);
        if (yaml_edit(a, str_of(cases[i].text), patch, &out, &err) < 0)
            print_error("%s: %s\n", cases[i].what, err.en);
        CHECK_CASE(out, cases[i].want, cases[i].what);
        arena_free(&a);
    }
}

static const struct {
    const char *text, *patch, *key;
} refused[] = {
    {"a: 1\n", "[{\"op\":\"remove\",\"path\":\"/b\"}]", "patch_path"},
    {"a: 1\n", "[{\"op\":\"replace\",\"path\":\"/a/b\",\"value\":1}]", "patch_path"},
    {"a: [1]\n", "[{\"op\":\"add\",\"path\":\"/a/5\",\"value\":1}]", "patch_path"},
    {"a: 1\n", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]", "patch_test"},
    {"a: 1\n", "[{\"op\":\"frob\",\"path\":\"/a\"}]", "patch"},
    {"a: 1\n", "[{\"op\":\"add\",\"path\":\"/b\"}]", "patch"},
    {"a: 1\n", "[{\"op\":\"add\",\"path\":\"b\",\"value\":1}]", "patch"},
    {"a: 1\n", "{}", "patch"},
    {"a: [\n", "[]", "yaml"},
    {"a: 1\n", "[{\"op\":\"remove\",\"path\":\"\"}]", "patch"},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct err err = ERR_INIT;
        struct val patch;
        struct str out;
        CHECK(json_parse(a, str_of(refused[i].patch), &patch, &err) == 0, refused[i].patch);
        CHECK(yaml_edit(a, str_of(refused[i].text), patch, &out, &err) < 0, refused[i].patch);
        CHECK_CASE(str_of(err.key), refused[i].key, refused[i].patch);
        arena_free(&a);
    }
}

/* ---- random documents and patches ---- */

struct dice {
    uint64_t s;
};

static uint32_t roll(struct dice *d, uint32_t n)
{
    d->s = d->s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(d->s >> 33) % n;
}

static const char *const words[] = {
    "公司", "a: b",  "true", "12",    "= USER()", "x # y",      "- z",
    "",     " pad ", "it's", "\"q\"", "[x]",      "line\nline", "line\n\n  deep\n",
    "{",    "a,b",   "@g",   "null",  "0x1F",     "1e3",        "e",
    "~",    "a\tb",  "?",    "-",     "--- x"};

static struct val random_scalar(struct dice *d)
{
    const char *w = words[roll(d, ARRAY_LEN(words))];
    switch (roll(d, 5)) {
    case 0: return val_num((double)roll(d, 1000) / 4);
    case 1: return val_bool(roll(d, 2));
    case 2: return VAL_NONE;
    default: return (struct val){.kind = VAL_TEXT, .n = (uint32_t)strlen(w), .text = w};
    }
}

static struct val random_value(struct dice *d, struct arena *a, unsigned depth)
{
    uint32_t kind = depth ? roll(d, 4) : 0, n = 1 + roll(d, 4);
    if (kind < 2)
        return random_scalar(d);
    struct val *items = ARENA_ARRAY(a, struct val, n);
    struct pair *pairs = ARENA_ARRAY(a, struct pair, n);
    for (uint32_t i = 0; i < n; i++) {
        items[i] = random_value(d, a, depth - 1);
        pairs[i] = (struct pair){str_fmt(a, "%c%u", 'a' + (int)i, roll(d, 3)), items[i]};
    }
    if (kind == 2)
        return (struct val){.kind = VAL_LIST, .n = n, .list = items};
    return (struct val){.kind = VAL_OBJ, .n = n, .obj = pairs};
}

static void add_document(struct dice *d, struct strb *b, struct arena *a, unsigned depth,
                         unsigned indent)
{
    uint32_t n = 1 + roll(d, 4);
    for (uint32_t i = 0; i < n; i++) {
        if (roll(d, 3) == 0)
            strb_addf(b, "%*s# note %u\n", (int)indent, "", i);
        strb_addf(b, "%*s%c%u:", (int)indent, "", 'a' + (int)i, i);
        uint32_t kind = roll(d, depth ? 6 : 4);
        if (kind == 0)
            strb_addf(b, " {x: %u, y: [1, 'b', {c: d}]}%s\n", i, roll(d, 2) ? "  # flow" : "");
        else if (kind == 1)
            strb_addf(b, " plain text %u%s\n", i, roll(d, 2) ? " # end" : "");
        else if (kind == 2)
            strb_addf(b, " |\n%*sblock\n\n%*s  text\n", (int)indent + 2, "", (int)indent + 2, "");
        else if (kind == 3)
            strb_addz(b, roll(d, 2) ? "\n" : "   # nothing\n");
        else if (kind == 4) {
            strb_addc(b, '\n');
            add_document(d, b, a, depth - 1, indent + 2);
        } else {
            strb_addf(b, "\n%*s- one # 1\n%*s- k: v\n%*s  l: w\n%*s- [a, b]\n", (int)indent, "",
                      (int)indent, "", (int)indent, "", (int)indent, "");
        }
    }
}

/* A path to a random node of the tree, and whether it is in a list. */
static struct str random_path(struct dice *d, struct arena *a, struct val v, bool *root)
{
    struct strb b;
    strb_init(&b, a);
    *root = true;
    while ((v.kind == VAL_OBJ || v.kind == VAL_LIST) && v.n && (*root || roll(d, 3))) {
        uint32_t i = roll(d, v.n);
        if (v.kind == VAL_OBJ)
            strb_addf(&b, "/%.*s", STR_ARG(v.obj[i].key));
        else
            strb_addf(&b, "/%u", i);
        v = v.kind == VAL_OBJ ? v.obj[i].value : v.list[i];
        *root = false;
    }
    return strb_str(&b);
}

static struct val random_op(struct dice *d, struct arena *a, struct val tree)
{
    static const char *const verbs[] = {"replace", "replace", "remove", "add"};
    const char *verb = verbs[roll(d, 4)];
    bool root;
    struct str path = random_path(d, a, tree, &root);
    struct pair *p = ARENA_ARRAY(a, struct pair, 3);
    struct val *op = ARENA_NEW(a, struct val);
    if (root)
        return VAL_NONE;
    p[0] = (struct pair){STR("op"), val_text(str_of(verb))};
    p[1] = (struct pair){STR("path"), val_text(path)};
    p[2] = (struct pair){STR("value"), random_value(d, a, 3)};
    *op = val_obj(p, 3);
    return val_list(op, 1);
}

static void random_edits(void **state)
{
    struct dice d = {20261124};
    (void)state;
    for (int round = 0; round < 400; round++) {
        struct arena *a = arena_new(TEST_ARENA_BYTES);
        struct strb b;
        struct diags diags;
        strb_init(&b, a);
        add_document(&d, &b, a, 3, 0);
        struct str text = strb_str(&b);
        for (int step = 0; step < 6; step++) {
            diags_init(&diags, a);
            struct yaml_node *n = yaml_parse(a, STR("x"), text, &diags);
            struct str out = STR_NONE;
            struct err err = ERR_INIT;
            CHECK(n != NULL, text.p);
            struct val patch = random_op(&d, a, yaml_val(a, n));
            if (patch.kind != VAL_LIST)
                continue;
            if (yaml_edit(a, text, patch, &out, &err) < 0) {
                struct strb j;
                struct json w;
                strb_init(&j, a);
                json_init(&w, &j);
                json_val(&w, patch);
                print_error("round %d: %s\n%.*s\non\n%.*s\n", round, err.en, STR_ARG(strb_str(&j)),
                            STR_ARG(text));
                fail();
            }
            text = out;
        }
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(edits), cmocka_unit_test(refusals),
                                       cmocka_unit_test(random_edits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
