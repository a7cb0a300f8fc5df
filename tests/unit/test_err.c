/* engine/base/err, diag, log. */
#include "tests/unit/unit.h"

#include "engine/base/diag.h"
#include "engine/base/log.h"
#include "engine/base/utf8.h"

#include <unistd.h>

static void test_set(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    int rc =
        err_set(&e, ERR_CONFLICT, "duplicate", "“%s”已有 %d 条。", "“%s” exists %d times.", "x", 3);
    assert_int_equal(rc, -1);
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_string_equal(e.key, "duplicate");
    assert_string_equal(e.zh, "“x”已有 3 条。");
    assert_string_equal(e.en, "“x” exists 3 times.");
    assert_string_equal(e.path, "");
}

static void test_path(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_in(&e, "items");
    assert_string_equal(e.path, "items");
    err_at(&e, "%s", "qty");
    err_in(&e, "items[%d]", 2);
    assert_string_equal(e.path, "items[2].qty");
    err_at(&e, "[%d]", 4);
    err_in(&e, "create");
    assert_string_equal(e.path, "create[4]");
    err_source(&e, STR("forms/lead.yaml"), (struct src_pos){3, 7});
    assert_string_equal(e.file, "forms/lead.yaml");
    assert_int_equal(e.pos.line * 10 + e.pos.column, 37);
}

/* Cut at whatever byte, the texts stay UTF-8. */
static void test_long(void **state)
{
    (void)state;
    static const char han[] =
        "榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯榫卯";
    struct err e;
    for (int pad = 0; pad < 8; pad++) {
        err_set(&e, ERR_INVALID, "k", "%.*s%s%s%s%s", "%.*s%s%s%s%s", pad, "aaaaaaaa", han, han,
                han, "😀😀😀😀😀😀😀😀😀😀😀😀😀😀");
        assert_true(utf8_valid(str_of(e.zh)));
        assert_true(strlen(e.zh) >= sizeof(e.zh) - 4);
        err_at(&e, "%.*s%s", pad, "aaaaaaaa", han);
        err_in(&e, "%s", han);
        assert_true(utf8_valid(str_of(e.path)));
    }
}

static void test_diags(void **state)
{
    (void)state;
    struct arena *a = arena_new(TEST_ARENA_BYTES);
    struct diags d;
    diags_init(&d, a);
    d.prefix = STR("items[2]");
    struct diag *one =
        diag_field(&d, STR("qty"), "min", "不能小于 %d。", "Must be at least %d.", 1);
    CHECK_STR(one->path, "items[2].qty");
    CHECK_STR(one->zh, "不能小于 1。");
    assert_int_equal(one->code, ERR_INVALID);
    CHECK_STR(diag_field(&d, STR("[1]"), "x", "x", "x")->path, "items[2][1]");
    d.prefix = STR_NONE;
    diag_add(&d, "x", "x%d", "y%d", 5);
    diag_file(&d, DIAG_WARN, STR("app.yaml"), (struct src_pos){2, 3}, "w", "w", "w");
    assert_int_equal(d.list.n, 4);
    assert_int_equal(d.errors, 3);
    CHECK_STR(d.list.v[2].en, "y5");
    CHECK_STR(d.list.v[3].file, "app.yaml");
    for (int i = 0; i < 3000; i++)
        diag_field(&d, STR("f"), "k", "%d", "%d", i)->code = ERR_DENIED;
    assert_int_equal(d.list.n, 1000);
    assert_int_equal(d.errors, 3003);
    CHECK_STR(d.list.v[999].zh, "995");
    arena_free(&a);
}

/* ---- log ---- */

static int64_t fixed_clock(void)
{
    return INT64_C(1763856000000000);
}

/* Runs fn with stderr in a pipe; what it wrote comes back in buf. */
static size_t capture(void (*fn)(void), char *buf, size_t cap)
{
    int ends[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    fn();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t n = read(ends[0], buf, cap - 1);
    close(ends[0]);
    buf[MAX(n, 0)] = '\0';
    return (size_t)MAX(n, 0);
}

static void log_short(void)
{
    log_event(LOG_DEBUG, "quiet", LOG_NUM("n", 1));
    log_event(LOG_WARN, "slow", LOG_TEXT("path", STR("/a\"b\\\n\xFF榫")), LOG_NUM("ms", -5));
}

static void log_long(void)
{
    static char text[900];
    memset(text, 'x', sizeof(text));
    struct str s = {text, sizeof(text)};
    log_event(LOG_ERROR, "big", LOG_TEXT("a", s), LOG_TEXT("b", s), LOG_TEXT("c", s),
              LOG_TEXT("d", s), LOG_TEXT("e", s), LOG_NUM("n", 1));
}

static void test_log(void **state)
{
    char buf[8192];
    (void)state;
    log_init(LOG_INFO, fixed_clock);
    capture(log_short, buf, sizeof(buf));
    assert_string_equal(buf,
                        "{\"level\":\"warn\",\"time\":\"2025-11-23T00:00:00Z\",\"event\":\"slow\","
                        "\"path\":\"/a\\\"b\\\\\\u000a\uFFFD榫\",\"ms\":-5}\n");
    size_t n = capture(log_long, buf, sizeof(buf));
    assert_true(n <= 4096);
    assert_true(str_ends(str_of(buf), STR("xxx\",\"truncated\":true}\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),   cmocka_unit_test(test_path), cmocka_unit_test(test_long),
        cmocka_unit_test(test_diags), cmocka_unit_test(test_log),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
