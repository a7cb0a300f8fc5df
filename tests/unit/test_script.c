/*
 * Lua's box: every known way out is shut, every limit holds, and what was stopped left nothing
 * behind. One script holds all cases; a record's name picks the one its hook runs.
 */
#include "engine/script/script.h"
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
    "function cases.load(rec) rec.note = tostring(load or loadstring or dofile or loadfile) end\n"
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
    "function cases.http_send(rec) local id = http.send{to = 'erp', body = {n = 1}} rec.note = "
    "#id .. ' 1' end\n"
    "function cases.http_undone() http.send{to = 'erp'} error('no') end\n"
    "function cases.http_count(rec) http.send{to = 'erp'} rec.note = '2' end\n"
    "function cases.mail(rec) rec.note = tostring(#notify.mail{to = 'a@example.com', subject = "
    "'好', text = '内容'}) end\n"
    "function cases.mail_header() notify.mail{to = 'a@example.com\\r\\nBcc: b@example.com', "
    "subject = '好', text = ''} end\n"
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
    /* modules */
    "function cases.module_write() json.encode = nil end\n"
    "function cases.app_write() app.form = function() end end\n"
    "function cases.module_meta(rec) rec.note = tostring(getmetatable(json)) end\n"
    "function cases.type_hidden(rec) rec.note = tostring(Form or Decimal) end\n"
    "function cases.decimal_meta(rec) rec.note = tostring(getmetatable(decimal.of(1))) end\n"
    "function cases.decimal_stored(rec) rec.amount = decimal.of('0.1') + decimal.of('0.2') "
    "rec.note = tostring(rec.amount) end\n"
    "function cases.decimal_range() local d = decimal.of('9223372036854775807') return d + d end\n"
    "function cases.decimal_zero() return decimal.of(1) / 0 end\n"
    "function cases.decimal_small(rec) rec.note = decimal.mul('0.000001', '0.000001'):text() end\n"
    "function cases.decimal_half(rec) rec.note = decimal.div('-1', '8'):text() end\n"
    "function cases.require(rec) local u = require('util') u.n = u.n + 1 rec.note = "
    "tostring(require('util').n) end\n"
    "function cases.require_fresh(rec) rec.note = tostring(require('util').n) end\n"
    "function cases.require_out() require('../thing') end\n"
    "function cases.require_none() require('nothing') end\n"
    "function cases.require_circle() require('circle') end\n"
    "function cases.cache_set(rec) cache.set('k', {a = {1, 2}}, 60) rec.note = "
    "tostring(cache.get('k').a[2]) end\n"
    "function cases.cache_undone() cache.set('k', 'left', 60) error('no') end\n"
    "function cases.cache_get(rec) rec.note = json.encode(cache.get('k')) end\n"
    "function cases.cache_full(rec) cache.set('one more', 1, 3600) rec.note = "
    "tostring(cache.get('one more')) end\n"
    "function cases.cache_long() cache.set('k', ('x'):rep(70000)) end\n"
    "function cases.notify_many(rec) local me = app.user().id notify.send{to = {me, me}, title = "
    "'看'} rec.note = 'sent' end\n"
    "function cases.json_bad() json.decode('{\"a\": }') end\n"
    "function cases.json_loop() local s = ('['):rep(60) .. (']'):rep(60) while true do "
    "pcall(json.decode, s) end end\n"
    "function cases.hash_loop() local s = ('x'):rep(1000000) while true do crypto.sha256(s) end "
    "end\n"
    "function cases.formula_loop() while true do text.pinyin('重庆') end end\n"
    "function cases.bad_date(rec) rec.note = tostring(date.add('2026-02-30', 1)) end\n"
    "function cases.group(rec) local r = query.group('thing', {by = 'name', metrics = 'COUNT()', "
    "where = {name = 'fine'}})[1] rec.note = r.name .. r['COUNT()'] end\n"
    "function cases.title(rec) rec.note = i18n.title('thing', 'note') .. "
    "tostring(i18n.title('none')) end\n"
    "function cases.nested() app.form('thing'):create{name = 'nested'} end\n"
    "function c.before_create(rec, ctx)\n"
    "  local f = cases[rec.name]\n"
    "  if f then f(rec) end\n"
    "end\n"
    "return c\n";

static const struct test_file FILES[] = {
    {"app.yaml", "app: box\ntitle: 箱\nversion: \"1\"\nlanguage: zh-CN\nroles: {rep: 代表}\n"
                 "endpoints: {erp: {url: 'https://example.com/in', secret: s}}\n"},
    {"forms/thing.yaml", "form: thing\n"
                         "title: 物\n"
                         "record_title: name\n"
                         "fields:\n"
                         "  name: {type: text, title: 名称, max: 40}\n"
                         "  note: {type: text, title: 备注, max: 2000}\n"
                         "  amount: {type: number, title: 金额, scale: 2}\n"
                         "permissions:\n"
                         "  all: {role: rep, can: all}\n"
                         "hooks: thing\n"},
    {"scripts/circle.lua", "return {other = require('round')}\n"},
    {"scripts/round.lua", "return {other = require('circle')}\n"},
    {"scripts/thing.lua", script},
    {"scripts/util.lua", "return {n = 1}\n"},
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
    {"http", "script_error", "endpoint"},
    {"http_send", NULL, "\"13 1\""},
    {"http_undone", "script_error", "no"},
    {"http_count", NULL, "\"2\""},
    {"mail", NULL, "\"13\""},
    {"mail_header", "script_error", "an address"},
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
    {"module_write", "script_error", "read-only"},
    {"app_write", "script_error", "read-only"},
    {"module_meta", NULL, "\"false\""},
    {"type_hidden", NULL, "\"nil\""},
    {"decimal_meta", NULL, "\"false\""},
    {"decimal_stored", NULL, "\"0.3\""},
    {"decimal_range", "script_error", "out of range"},
    {"decimal_zero", "script_error", "division by zero"},
    {"decimal_small", NULL, "\"0.000000000001\""},
    {"decimal_half", NULL, "\"-0.13\""},
    {"require", NULL, "\"2\""},
    {"require_fresh", NULL, "\"1\""},
    {"require_out", "script_error", "no script"},
    {"require_none", "script_error", "no script"},
    {"require_circle", "script_error", "requires itself"},
    {"cache_set", NULL, "\"2\""},
    {"cache_undone", "script_error", "no"},
    {"cache_get", NULL, "\"{\\\"a\\\":[1,2]}\""},
    {"cache_long", "script_error", "64 KB"},
    {"notify_many", NULL, "\"sent\""},
    {"json_bad", "script_error", "not JSON"},
    {"json_loop", "script_limit", "time limit"},
    {"hash_loop", "script_limit", "time limit"},
    {"formula_loop", "script_limit", "time limit"},
    {"bad_date", NULL, "\"nil\""},
    {"group", NULL, "\"fine1\""},
    {"title", NULL, "\"备注nil\""},
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

#define CACHE_KEYS 1000 /* at most, of an app (lua_cache.c) */

/* As many keys as there may be, each running out a second after the one before. */
static int fill_cache(struct ctx *c, void *arg, struct err *err)
{
    int rc = 0;
    (void)arg;
    for (int64_t i = 0; i < CACHE_KEYS && rc == 0; i++) {
        struct sql q;
        ctx_sql(c, &q);
        sql_lit(&q, "INSERT INTO _cache (app, key, value, until) VALUES ('box', ");
        sql_bind_str(&q, str_fmt(c->a, "k%lld", (long long)i));
        sql_lit(&q, ", '', ");
        sql_bind_int(&q, c->now_us + (i + 60) * US_PER_S);
        sql_lit(&q, ")");
        rc = store_exec(c->db, c->a, &q, NULL, err);
    }
    return rc;
}

static int64_t count_cache(const char *key)
{
    struct err err = ERR_INIT;
    struct sql q;
    int64_t n = 0;
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _cache WHERE app = 'box' AND (key = ");
    sql_bind_str(&q, str_of(key));
    sql_lit(&q, " OR '' = ");
    sql_bind_str(&q, str_of(key));
    sql_lit(&q, ")");
    assert_int_equal(store_get_int(app.c.db, app.a, &q, &n, &err), 1);
    return n;
}

/* A full cache gives up what runs out first. */
static void test_cache_is_bounded(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    test_as(&app, NULL);
    OK(engine_write(&app.c, fill_cache, NULL, &err));
    run_case(&(struct script_case){"cache_full", NULL, "\"1\""});
    assert_int_equal(count_cache(""), CACHE_KEYS);
    assert_int_equal(count_cache("k0"), 0);
    assert_int_equal(count_cache("k999"), 1);
}

/* Rows of the outbox: of the two calls that committed and the mail, not of the one undone. */
static void test_outbox(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct sql q;
    int64_t n = 0;
    ctx_sql(&app.c, &q);
    sql_lit(&q, "SELECT COUNT(*) FROM _outbox WHERE kind IN ('webhook', 'mail')");
    assert_int_equal(store_get_int(app.c.db, app.a, &q, &n, &err), 1);
    assert_int_equal(n, 3);
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

/* Runs each expression in a hook and compares what tostring() makes of it. */
static void run_expressions(const struct pattern_case *cases, size_t n)
{
    struct strb b;
    strb_init(&b, app.a);
    strb_addz(&b, "local c = {}\nlocal cases = {\n");
    for (size_t i = 0; i < n; i++)
        strb_addf(&b, "function() return tostring((%s)) end,\n", cases[i].expr);
    strb_addz(
        &b,
        "}\nfunction c.before_create(rec) rec.note = cases[tonumber(rec.name)]() end\nreturn c\n");
    struct test_file files[] = {FILES[0], FILES[1], {"scripts/thing.lua", strb_str(&b).p}};
    struct test_app one;
    struct test_member m = {.login = "bob", .role = "rep"};
    test_app_init(&one, "box", files, ARRAY_LEN(files));
    test_member(&one, &m);
    for (size_t i = 0; i < n; i++) {
        struct strb want;
        struct json j;
        char body[40];
        strb_init(&want, app.a);
        json_init(&j, &want);
        json_str(&j, str_of(cases[i].want));
        (void)snprintf(body, sizeof body, "{\"name\":\"%zu\"}", i + 1);
        int64_t id = test_made(&one, &m.who, "thing", body);
        CHECK_CASE(test_get(&one, test_one(&one, &m.who, "thing", id), "note"),
                   str_z(app.a, strb_str(&want)), cases[i].expr);
    }
    test_app_fini(&one);
}

static void test_patterns(void **state)
{
    (void)state;
    run_expressions(PATTERNS, ARRAY_LEN(PATTERNS));
}

/* The examples of the manual. */
static void test_examples(void **state)
{
    (void)state;
    struct strb text;
    struct val rows;
    struct err err = ERR_INIT;
    VEC(struct pattern_case) cases = {0};
    strb_init(&text, app.a);
    script_api_json(&text);
    OK(json_parse(app.a, strb_str(&text), &rows, &err));
    for (uint32_t i = 0; i < rows.n; i++) {
        struct str example = val_str(val_get(rows.list[i], STR("example")));
        struct str gives = val_str(val_get(rows.list[i], STR("gives")));
        struct pattern_case one = {str_z(app.a, example), str_z(app.a, gives)};
        if (example.n)
            vec_push(app.a, &cases, one);
    }
    assert_true(cases.n > 50);
    run_expressions(cases.v, cases.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_outbox),
        cmocka_unit_test(test_cache_is_bounded),
        cmocka_unit_test(test_position),
        cmocka_unit_test(test_reject_names_field),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_examples),
    };
    return cmocka_run_group_tests_name("script", tests, setup, teardown);
}
