/*
 * Monitors: windows of the calendar, baselines and spreads over known rows, alerts once, notices,
 * what was missed while nothing ran, records that are opened.
 */
#include "tests/unit/record_test.h"

#include "engine/automation/monitor.h"
#include "engine/org/notice.h"

#include <math.h>

static struct test_app app;

static const struct test_file FILES[] = {
    {"app.yaml", "app: shop\ntitle: 店\nversion: \"1\"\nlanguage: zh-CN\ntimezone: Asia/Shanghai\n"
                 "roles: {boss: 主管, clerk: 店员}\n"},
    {"forms/sale.yaml", "form: sale\n"
                        "title: 销售\n"
                        "fields:\n"
                        "  channel: {type: select, title: 渠道, options: {a: 甲, b: 乙, c: 丙}}\n"
                        "  day: {type: date, title: 日期}\n"
                        "  amount: {type: number, title: 金额, scale: 2}\n"
                        "  goal: {type: number, title: 目标, scale: 2}\n"
                        "permissions: {all: {role: boss, can: all}}\n"},
    {"forms/todo.yaml", "form: todo\ntitle: 跟进\n"
                        "fields:\n"
                        "  title: {type: text, title: 事, required: true, max: 300}\n"
                        "  change: {type: number, title: 变化, scale: 4}\n"
                        "permissions: {all: {role: boss, can: all}}\n"},
    {"forms/strict.yaml", "form: strict\ntitle: 严\n"
                          "fields: {must: {type: text, title: 必填项, required: true}}\n"
                          "permissions: {all: {role: boss, can: all}}\n"},
    {"monitors.yaml",
     "monitors:\n"
     "  drop: {title: 下滑, metric: SUM(amount), of: sale, at: day, by: channel, window: month,"
     " against: {previous: 3}, alert: change <= -0.3, every: day, to: [role: boss], open: todo}\n"
     "  odd: {title: 异常, metric: SUM(amount), of: sale, at: day, by: channel, window: month,"
     " against: {previous: 4, center: median, spread: mad}, alert: z <= -3, min_change: 0.2, to:"
     " [role: boss], open: strict}\n"
     "  week: {metric: SUM(amount), of: sale, at: day, window: 7 days, against: {value: 100},"
     " alert: value < baseline, once: window, to: [role: boss]}\n"
     "  goal: {metric: SUM(amount), of: sale, at: day, by: channel, window: month, against:"
     " {field: goal}, alert: value < 0.5 * baseline, to: [role: clerk]}\n"
     "  season: {metric: SUM(amount), of: sale, at: day, window: month, where: channel = \"c\","
     " against: {previous: 1, phase: same month}, alert: change < 0, to: [role: boss]}\n"},
};

static struct test_member boss = {.login = "boss", .role = "boss"};
static struct test_member clerk = {.login = "clerk", .role = "clerk"};

static int setup(void **state)
{
    (void)state;
    test_app_init(&app, "shop", FILES, ARRAY_LEN(FILES));
    test_member(&app, &boss);
    test_member(&app, &clerk);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_app_fini(&app);
    return 0;
}

static int64_t day(int y, int m, int d)
{
    int64_t days = 0;
    assert_true(civil_days(y, m, d, &days));
    return days;
}

static void sale(const char *channel, const char *on, double amount, double goal)
{
    (void)test_made(&app, NULL, "sale",
                    str_fmt(app.a,
                            "{\"channel\":\"%s\",\"day\":\"%s\",\"amount\":%.2f,\"goal\":%.2f}",
                            channel, on, amount, goal)
                        .p);
}

/* ---- windows ---- */

static void test_windows(void **state)
{
    (void)state;
    static const struct {
        struct monitor_window w;
        int on[3], from[3], to[3], before[3]; /* before: where the one before begins */
    } cases[] = {
        {{.months = 1}, {2026, 3, 15}, {2026, 2, 1}, {2026, 3, 1}, {2026, 1, 1}},
        {{.months = 1}, {2026, 1, 1}, {2025, 12, 1}, {2026, 1, 1}, {2025, 11, 1}},
        {{.months = 3}, {2026, 3, 31}, {2025, 10, 1}, {2026, 1, 1}, {2025, 7, 1}},
        {{.months = 12}, {2026, 12, 31}, {2025, 1, 1}, {2026, 1, 1}, {2024, 1, 1}},
        {{.days = 7, .week = true}, {2026, 11, 24}, {2026, 11, 16}, {2026, 11, 23}, {2026, 11, 9}},
        {{.days = 7, .week = true}, {2026, 11, 23}, {2026, 11, 16}, {2026, 11, 23}, {2026, 11, 9}},
        {{.days = 7}, {2026, 11, 24}, {2026, 11, 17}, {2026, 11, 24}, {2026, 11, 16}},
        {{.days = 1}, {2026, 3, 1}, {2026, 2, 28}, {2026, 3, 1}, {2026, 2, 27}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct monitor m = {.window = cases[i].w};
        const int *on = cases[i].on, *f = cases[i].from, *t = cases[i].to, *b = cases[i].before;
        struct mon_window w = mon_last(&m, day(on[0], on[1], on[2]));
        assert_int_equal(w.from, day(f[0], f[1], f[2]));
        assert_int_equal(w.to, day(t[0], t[1], t[2]));
        assert_int_equal(mon_before(&m, w).from, day(b[0], b[1], b[2]));
    }
}

/* ---- figures ---- */

static struct mon_figure figure(const char *monitor, int y, int m, const char *key)
{
    struct err err = ERR_INIT;
    struct mon_figure *v;
    size_t n;
    test_as(&app, NULL);
    struct mon_eval *e = mon_eval_new(&app.c, app_monitor(app.app, str_of(monitor)));
    struct mon_window w = {day(y, m, 1), m == 12 ? day(y + 1, 1, 1) : day(y, m + 1, 1)};
    OK(mon_eval(e, w, &v, &n, &err));
    for (size_t i = 0; i < n; i++)
        if (str_eqz(v[i].key, key))
            return v[i];
    fail_msg("%s: no figure of %s", monitor, key);
    return (struct mon_figure){0};
}

static void near(struct val v, double want)
{
    if (fabs(val_double(v) - want) > 1e-9 || val_is_blank(v))
        fail_msg("%f, not %f", val_double(v), want);
}

/* Rows of half a year: a falls in May, b never sells in May, c once a year. */
static void fill(void)
{
    static const double a[] = {100, 110, 90, 100, 40, 100};
    for (int m = 1; m <= 6; m++) {
        sale("a", str_fmt(app.a, "2025-%02d-10", m).p, a[m - 1], 60);
        if (m != 5)
            sale("b", str_fmt(app.a, "2025-%02d-28", m).p, 50, 200);
    }
    sale("c", "2024-03-01", 10, 0);
    sale("c", "2025-03-31", 9, 0);
}

static void test_figures(void **state)
{
    (void)state;
    fill();
    struct mon_figure f = figure("drop", 2025, 5, "\"a\"");
    CHECK_STR(f.title, "甲");
    near(f.vars[MVAR_VALUE], 40);
    near(f.vars[MVAR_BASELINE], 100);
    near(f.vars[MVAR_CHANGE], -0.6);
    assert_true(f.alert && val_is_blank(f.vars[MVAR_SPREAD]) && val_is_blank(f.vars[MVAR_Z]));
    f = figure("drop", 2025, 5, "\"b\""); /* a group that is gone counts as nothing */
    near(f.vars[MVAR_VALUE], 0);
    near(f.vars[MVAR_BASELINE], 50);
    assert_true(f.alert);
    f = figure("odd", 2025, 5, "\"a\""); /* 100 110 90 100: median 100, deviations 0 10 10 0 */
    near(f.vars[MVAR_BASELINE], 100);
    near(f.vars[MVAR_SPREAD], 1.4826 * 5);
    near(f.vars[MVAR_Z], -60 / (1.4826 * 5));
    assert_true(f.alert);
    assert_false(figure("odd", 2025, 4, "\"a\"").alert);
    f = figure("odd", 2025, 5, "\"b\""); /* no deviation at all: no z */
    assert_true(val_is_blank(f.vars[MVAR_Z]) && !f.alert);
    f = figure("goal", 2025, 5, "\"a\"");
    near(f.vars[MVAR_BASELINE], 60);
    assert_false(f.alert);
    assert_true(figure("goal", 2025, 6, "\"b\"").alert);
    f = figure("season", 2025, 3, "");
    near(f.vars[MVAR_VALUE], 9);
    near(f.vars[MVAR_BASELINE], 10);
    assert_true(f.alert);
    assert_true(val_is_blank(figure("season", 2024, 3, "").vars[MVAR_BASELINE])); /* before all */
    assert_true(val_is_blank(figure("drop", 2024, 3, "\"c\"").vars[MVAR_BASELINE]));
}

/* ---- by the clock ---- */

static int64_t tick_at(int y, int m, int d)
{
    struct err err = ERR_INIT;
    int64_t n = 0;
    struct civil t = {.year = y, .month = m, .day = d, .hour = 8};
    app.now_us = civil_us(&t, &app.app->zone);
    test_as(&app, NULL);
    OK(monitor_tick(&app.c, engine_write, &n, &err));
    return n;
}

static struct str list(const struct test_member *m, const char *form, const char *fields)
{
    const struct query q = {
        .form = app_form(app.app, str_of(form)), .fields = str_of(fields), .count = COUNT_NONE};
    return test_list(&app, m ? &m->who : NULL, &q);
}

static int64_t count(const char *filter)
{
    struct err err = ERR_INIT;
    int64_t n = 0;
    const struct query q = {
        .form = app_form(app.app, ALERT_FORM), .filter = str_of(filter), .count = COUNT_EXACT};
    test_as(&app, NULL);
    OK(query_count(&app.c, &q, &n, &err));
    return n;
}

static int64_t notices(const struct test_member *m)
{
    struct err err = ERR_INIT;
    int64_t n = 0;
    test_as(&app, &m->who);
    OK(notice_unread(&app.c, &n, &err));
    return n;
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part), 0) >= 0;
}

static void test_alerts(void **state)
{
    (void)state;
    /* the first look: May, whose alerts are all three of drop, a of odd; the last week sold nothing
     */
    assert_true(tick_at(2025, 6, 2) > 0);
    assert_int_equal(count("monitor = \"drop\""), 3);
    assert_int_equal(count("monitor = \"odd\""), 1);
    assert_int_equal(count("monitor = \"week\""), 1);
    assert_int_equal(count("status = \"new\" AND due <> BLANK AND value <> BLANK"), 5);
    struct str all = list(NULL, "alert", "title,window_start,window_end,subject,change");
    if (!has(all, "下滑：甲，2025-05：40（基准 100，-60 %）"))
        fail_msg("%.*s", STR_ARG(all));
    assert_true(has(all, "\"window_start\":\"2025-05-01\",\"window_end\":\"2025-06-01\""));
    /* who was told reads them, nobody else */
    assert_true(has(list(&boss, "alert", "title"), "下滑"));
    assert_false(has(list(&clerk, "alert", "title"), "下滑"));
    assert_int_equal(notices(&boss), 5);
    /* the records of `open`; one that was refused says why */
    assert_true(has(list(NULL, "todo", "title,change"), "\"change\":-0.6000"));
    assert_true(count("monitor = \"drop\" AND STARTSWITH(opened, \"todo/\")") == 3);
    assert_int_equal(count("monitor = \"odd\" AND note CONTAINS \"必填项\""), 1);
    /* the same windows again, and a week that overlaps: nothing new */
    assert_int_equal(tick_at(2025, 6, 2), 0);
    assert_int_equal(tick_at(2025, 6, 3), 0);
    assert_int_equal(notices(&boss), 5);
}

/* Weeks in which nothing ran: every month that ended is looked at, once. */
static void test_missed(void **state)
{
    (void)state;
    int64_t before = count("monitor = \"drop\"");
    sale("a", "2025-07-10", 10, 0);
    sale("a", "2025-08-10", 100, 0);
    sale("b", "2025-07-10", 50, 0);
    sale("b", "2025-08-10", 50, 0);
    (void)tick_at(2025, 9, 5);
    assert_int_equal(count("monitor = \"drop\" AND window_start = DATE(2025, 7, 1)"), 1);
    assert_int_equal(count("monitor = \"drop\""), before + 2); /* and c, in June */
    assert_int_equal(tick_at(2025, 9, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_missed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
