/*
 * Lua's box: every known way out is shut, every limit holds, and what was stopped left nothing
 * behind. One script holds all cases; a record's name picks the one its hook runs.
 */
#include "tests/unit/record_test.h"

static const char script[] =
    "local c = {}\n"
    "local cases = {}\n"
    "function cases.fine(rec) rec.note = 'ok ' .. tostring(1 + 1) end\n"
    /* limits */
    "function cases.loop() while true do end end\n"
    "function cases.pcall_loop() while true do pcall(function() while true do end end) end end\n"
    "function cases.caught_then_returns(rec) pcall(function() while true do end end) rec.note = "
    "'x' end\n"
    "function cases.recursion() local function f() return 1 + f() end f() end\n"
    "function cases.tail() local function f() return f() end f() end\n"
    "function cases.memory() local t = {} for i = 1, 1e9 do t[i] = {i} end end\n"
    "function cases.memory_caught(rec) pcall(function() local s = 'x' while true do s = s .. s end "
    "end) rec.note = 'x' end\n"
    "function cases.rep() return ('x'):rep(1e9) end\n"
    "function cases.concat() local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e6) end return "
    "table.concat(t) end\n"
    "function cases.pattern_optional() return (('a'):rep(30)):find(('a?'):rep(30) .. "
    "('a'):rep(30)) end\n"
    "function cases.pattern_lazy() return (('a'):rep(5000)):find('.-.-.-.-b') end\n"
    "function cases.pattern_balance() return (('('):rep(20000)):find(('%b()'):rep(20)) end\n"
    "function cases.pattern_long() return (('a'):rep(220000)):find('.-b') end\n"
    "function cases.gsub_grow() return (('a'):rep(1e6)):gsub('a', ('b'):rep(1000)) end\n"
    "function cases.sort_liar() local t = {} for i = 1, 5000 do t[i] = i end table.sort(t, "
    "function() return true end) end\n"
    "function cases.len_meta() table.insert(setmetatable({}, {__len = function() return 1e9 end}), "
    "1, 'x') end\n"
    "function cases.move_far() table.move({}, 1, 1e9, 2) end\n"
    "function cases.unpack_far() return table.unpack({}, 1, 1e8) end\n"
    "function cases.tostring_meta() return tostring(setmetatable({}, {__tostring = function() "
    "while true do end end})) end\n"
    /* ways out */
    "function cases.load(rec) rec.note = tostring(load or loadstring or dofile or loadfile or "
    "require) end\n"
    "function cases.libs(rec) rec.note = tostring(os or io or package or debug or coroutine or "
    "collectgarbage or xpcall) end\n"
    "function cases.dump(rec) rec.note = tostring(string.dump or string.pack) end\n"
    "function cases.address(rec) rec.note = tostring({}) .. tostring(print or print) .. "
    "string.format('%s', {}) end\n"
    "function cases.percent_p() return string.format('%p', {}) end\n"
    "function cases.string_meta() getmetatable('').__index.upper = 1 end\n"
    "function cases.string_write() string.upper = nil end\n"
    "function cases.math_raw() rawset(math, 'pi', 3) rec = math.pi end\n"
    "function cases.gc() setmetatable({}, {__gc = function() while true do end end}) end\n"
    "function cases.close() local x <close> = setmetatable({}, {__close = function() end}) end\n"
    "function cases.env_write(rec) leaked = 'yes' rec.note = 'set' end\n"
    "function cases.env_read(rec) rec.note = tostring(leaked) end\n"
    "function cases.global_meta() setmetatable(_ENV, {}) end\n"
    "function cases.system() app.as_system(function() end) end\n"
    "function cases.http() app.http{url = 'http://127.0.0.1/'} end\n"
    /* errors */
    "function cases.error_nil() error(nil) end\n"
    "function cases.error_table() error({}) end\n"
    "function cases.position(rec)\n"
    "  local x = nil\n"
    "  return x.y\n"
    "end\n"
    "function cases.reject() reject{field = 'note', message = '不行'} end\n"
    "function cases.reject_caught(rec) pcall(reject, '不行') rec.note = 'x' end\n"
    "function cases.bad_utf8(rec) rec.note = '\\xff' end\n"
    "function cases.cyclic(rec) local t = {} t.t = t rec.note = t end\n"
    "function cases.deep(rec) local t = {} for i = 1, 100 do t = {t} end rec.note = t end\n"
    "function cases.func_value(rec) rec.note = print or cases.fine end\n"
    "function cases.too_long(rec) rec.note = ('x'):rep(3000) end\n"
    "function cases.write_then_fail() app.form('thing'):create{name = 'inner', note = 'left'} "
    "error('after') end\n"
    "function cases.notify(rec) app.notify{to = app.user().id, title = '看', body = '内容'} "
    "rec.note = 'sent' end\n"
    "function cases.notify_nobody() app.notify{title = '看'} end\n"
    "function cases.inner(rec) end\n"
    "function cases.nested() app.form('thing'):create{name = 'nested'} end\n"
    "function c.before_create(rec, ctx)\n"
    "  local f = cases[rec.name]\n"
    "  if f then f(rec) end\n"
    "end\n"
    "return c\n";

static const struct test_file FILES[] = {
    {"app.yaml", "app: box\ntitle: 箱\nversion: \"1\"\nlanguage: zh-CN\nroles: {rep: 代表}\n"},
    {"forms/thing.yaml", "form: thing\n"
                         "title: 物\n"
                         "record_title: name\n"
                         "fields:\n"
                         "  name: {type: text, title: 名称, max: 40}\n"
                         "  note: {type: text, title: 备注, max: 2000}\n"
                         "permissions:\n"
                         "  all: {role: rep, can: all}\n"
                         "hooks: thing\n"},
    {"scripts/thing.lua", script},
};

static struct test_app app;
static struct test_member rep = {.login = "ann", .role = "rep"};

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "box", FILES, ARRAY_LEN(FILES));
    test_member(&app, &rep);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

/* A box ends after 50 ms natively; sanitizers and busy machines take longer. */
#ifdef __SANITIZE_THREAD__
#define LATE_MS 60000
#else
#define LATE_MS 3000
#endif

struct script_case {
    const char *name;
    const char *key;  /* of the error; NULL: it succeeds */
    const char *note; /* success: the field's JSON; failure: part of the English text */
};

static const struct script_case CASES[] = {
    {"fine", NULL, "\"ok 2\""},
    {"notify", NULL, "\"sent\""},
    {"notify_nobody", "script_error", "id of a member"},
    {"loop", "script_limit", "time limit"},
    {"pcall_loop", "script_limit", "time limit"},
    {"caught_then_returns", "script_limit", "time limit"},
    {"recursion", "script_limit", ""},
    {"tail", "script_limit", "time limit"},
    {"memory", "script_limit", ""},
    {"memory_caught", "script_limit", "memory"},
    {"rep", "script_error", "too long"},
    {"concat", "script_limit", "memory"},
    {"pattern_optional", "script_limit", "time limit"},
    {"pattern_lazy", "script_limit", "time limit"},
    {"pattern_balance", "script_limit", "time limit"},
    {"pattern_long", "script_limit", "time limit"},
    {"gsub_grow", "script_limit", ""},
    {"sort_liar", "script_error", "invalid order function"},
    {"len_meta", "script_error", "metatable"},
    {"move_far", "script_error", "too many"},
    {"unpack_far", "script_error", "too many results"},
    {"tostring_meta", "script_limit", "time limit"},
    {"load", NULL, "\"nil\""},
    {"libs", NULL, "\"nil\""},
    {"dump", NULL, "\"nil\""},
    {"address", NULL, "\"tableniltable\""},
    {"percent_p", "script_error", "%p"},
    {"string_meta", "script_error", ""},
    {"string_write", "script_error", "read-only"},
    {"gc", "script_error", "__gc"},
    {"close", "script_error", "__close"},
    {"env_write", NULL, "\"set\""},
    {"env_read", NULL, "\"nil\""},
    {"global_meta", "script_error", "protected"},
    {"system", "script_error", "as: system"},
    {"http", "script_error", "after the commit"},
    {"error_nil", "script_error", ""},
    {"error_table", "script_error", ""},
    {"reject", "validation", ""},
    {"reject_caught", "validation", ""},
    {"bad_utf8", "script_error", "UTF-8"},
    {"cyclic", "script_error", "too deep"},
    {"deep", "script_error", "too deep"},
    {"func_value", "script_error", "function"},
    {"too_long", "validation", ""},
    {"write_then_fail", "script_error", "after"},
    {"nested", "script_depth", ""},
};

static int64_t count_rows(void)
{
    struct err err = ERR_INIT;
    int64_t n = 0;
    struct query q = {.form = app_form(app.app, STR("thing"))};
    test_as(&app, NULL);
    OK(query_count(&app.c, &q, &n, &err));
    return n;
}

static void run_case(const struct script_case *sc)
{
    struct test_job j;
    struct err err = ERR_INIT;
    char body[128];
    int64_t before = count_rows();
    (void)snprintf(body, sizeof body, "{\"name\":\"%s\"}", sc->name);
    int64_t start = test_app_mono();
    int rc = test_create(&app, &rep.who, "thing", body, &j, &err);
    int64_t ms = (test_app_mono() - start) / 1000;
    if (!sc->key) {
        if (rc < 0)
            fail_msg("%s: %s", sc->name, err.en);
        CHECK_CASE(test_get(&app, test_one(&app, &rep.who, "thing", j.out.id), "note"), sc->note,
                   sc->name);
        return;
    }
    CHECK(rc < 0, sc->name);
    CHECK_CASE(str_of(err.key), sc->key, sc->name);
    CHECK(strstr(err.en, sc->note) != NULL, sc->name);
    CHECK(count_rows() == before, sc->name); /* rolled back */
    CHECK(ms < LATE_MS, sc->name);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        run_case(&CASES[i]);
}

static void test_position(void **state)
{
    (void)state;
    struct test_job j;
    struct err err = ERR_INIT;
    CHECK(test_create(&app, &rep.who, "thing", "{\"name\":\"position\"}", &j, &err) < 0,
          "position");
    CHECK_STR(str_of(err.file), "scripts/thing.lua");
    size_t line = 1;
    for (const char *p = script; p < strstr(script, "return x.y"); p++)
        line += *p == '\n';
    assert_int_equal(err.pos.line, line);
}

static void test_reject_names_field(void **state)
{
    (void)state;
    struct test_job j;
    struct err err = ERR_INIT;
    CHECK(test_create(&app, &rep.who, "thing", "{\"name\":\"reject\"}", &j, &err) < 0, "reject");
    assert_int_equal(j.diags.list.n, 1);
    CHECK_STR(j.diags.list.v[0].path, "note");
    CHECK_STR(j.diags.list.v[0].zh, "不行");
}

/* ---- patterns, against what the manual says ---- */

struct pattern_case {
    const char *expr; /* gives a text */
    const char *want;
};

static const struct pattern_case PATTERNS[] = {
    {"('hello world'):match('%w+')", "hello"},
    {"('key = value'):gsub('%s*=%s*', '=')", "key=value"},
    {"('THE (quick) fox'):match('%((%a+)%)')", "quick"},
    {"('abc'):gsub('%w', '%0%0')", "aabbcc"},
    {"('hello'):gsub('', '-')", "-h-e-l-l-o-"},
    {"('abc'):gsub('b*', 'x')", "xaxcx"},
    {"('x^2'):gsub('%^', '**')", "x**2"},
    {"('[a]'):match('[]]')", "]"},
    {"('a-b'):match('[a-]+')", "a-"},
    {"('f(a(b)c)d'):match('%b()')", "(a(b)c)"},
    {"('THE END'):gsub('%f[%a]%a+', string.lower)", "the end"},
    {"('abcabc'):match('(a)bc%1')", "a"},
    {"('2026-11-24'):gsub('(%d+)-(%d+)-(%d+)', '%3/%2/%1')", "24/11/2026"},
    {"(function() local t = {} for w in ('a b c'):gmatch('%a') do t[#t + 1] = w end return "
     "table.concat(t, ',') end)()",
     "a,b,c"},
    {"(function() local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. "
     "v end return table.concat(t) end)()",
     "a1b2"},
    {"tostring(('abc'):find('b', 1, true))", "2"},
    {"tostring(('a.c'):find('.', 2, true))", "2"},
    {"tostring(('abc'):find('()c'))", "3"},
    {"tostring(('abc'):match('()c'))", "3"},
    {"tostring(('hello'):find('l', -2))", "4"},
    {"tostring(('abc'):match('^b'))", "nil"},
    {"('abc'):match('^(a.)c$')", "ab"},
    {"('aXb'):gsub('%u', {X = '-'})", "a-b"},
    {"('abc'):gsub('b', function() return false end)", "abc"},
    {"('aaa'):gsub('a', 'b', 2)", "bba"},
    {"('中文字'):gsub('文', 'x')", "中x字"},
};

static void test_patterns(void **state)
{
    (void)state;
    struct strb b;
    strb_init(&b, app.a);
    strb_addz(&b, "local c = {}\nlocal cases = {\n");
    for (size_t i = 0; i < ARRAY_LEN(PATTERNS); i++)
        strb_addf(&b, "function() return (%s) end,\n", PATTERNS[i].expr);
    strb_addz(
        &b,
        "}\nfunction c.before_create(rec) rec.note = cases[tonumber(rec.name)]() end\nreturn c\n");
    struct test_file files[] = {FILES[0], FILES[1], {"scripts/thing.lua", strb_str(&b).p}};
    struct test_app one;
    struct test_member m = {.login = "bob", .role = "rep"};
    test_app_init(&one, "box", files, ARRAY_LEN(files));
    test_member(&one, &m);
    for (size_t i = 0; i < ARRAY_LEN(PATTERNS); i++) {
        char body[40], want[200];
        (void)snprintf(body, sizeof body, "{\"name\":\"%zu\"}", i + 1);
        (void)snprintf(want, sizeof want, "\"%s\"", PATTERNS[i].want);
        int64_t id = test_made(&one, &m.who, "thing", body);
        CHECK_CASE(test_get(&one, test_one(&one, &m.who, "thing", id), "note"), want,
                   PATTERNS[i].expr);
    }
    test_app_fini(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_position),
        cmocka_unit_test(test_reject_names_field),
        cmocka_unit_test(test_patterns),
    };
    return cmocka_run_group_tests_name("script", tests, setup, teardown);
}
