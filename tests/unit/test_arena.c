/* engine/base/arena: memory, caps, clean-ups and the way out when memory is gone. */
#include "tests/unit/unit.h"

#include "engine/base/arena.h"
#include "engine/base/vec.h"

static void test_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct arena_mark m = arena_mark(a);
    memset(arena_alloc(a, 5000), 0xFF, 5000);
    arena_reset(a, m);
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = arena_alloc(a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xFF, n);
    }
    arena_free(&a);
    assert_null(a);
    arena_free(&a);
}

struct job {
    struct arena *a;
    size_t n;
    size_t size;
    size_t done;
};

static void allocate(void *arg)
{
    struct job *j = arg;
    for (size_t i = 0; i < j->n; i++) {
        arena_alloc(j->a, j->size);
        j->done++;
    }
}

static void test_cap(void **state)
{
    static const struct {
        size_t cap, n, size;
        int want;
    } cases[] = {
        {1 << 20, 1, 1 << 19, 0},   {1 << 20, 10000, 64, 0}, {1 << 20, 40000, 64, -1},
        {1 << 20, 1, 2 << 20, -1},  {0, 1, 1, -1},           {64 << 10, 1, 32 << 10, 0},
        {1 << 20, 1, SIZE_MAX, -1}, {1 << 20, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct job j = {arena_new(cases[i].cap), cases[i].n, cases[i].size, 0};
        int got = oom_guard(allocate, &j);
        assert_int_equal(got, cases[i].want);
        assert_true(arena_used(j.a) <= cases[i].cap);
        assert_true((j.done == cases[i].n) == (cases[i].want == 0));
        arena_free(&j.a);
    }
}

static void multiply(void *arg)
{
    arena_array(arg, SIZE_MAX / 2, 4);
}

static void test_array_overflow(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    assert_int_equal(oom_guard(multiply, a), -1);
    arena_free(&a);
}

/* ---- clean-ups ---- */

struct trace {
    char text[16];
    size_t n;
};

struct mark {
    struct trace *t;
    char c;
};

static void note(void *arg)
{
    struct mark *m = arg;
    m->t->text[m->t->n++] = m->c;
}

static void test_defer_order(void **state)
{
    (void)state;
    struct trace t = {{0}, 0};
    struct mark m[] = {{&t, 'a'}, {&t, 'b'}, {&t, 'c'}, {&t, 'd'}};
    struct arena *a = arena_new(1 << 20);
    arena_defer(a, note, &m[0]);
    struct arena_mark at = arena_mark(a);
    arena_defer(a, note, &m[1]);
    arena_alloc(a, 100000); /* another chunk */
    arena_defer(a, note, &m[2]);
    arena_defer(a, note, &m[3]);
    arena_undefer(a, &m[2]);
    arena_reset(a, at);
    assert_string_equal(t.text, "db");
    arena_defer(a, note, &m[2]);
    arena_free(&a);
    assert_string_equal(t.text, "dbca");
}

static void test_reset_gives_back(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    arena_alloc(a, 100);
    size_t before = arena_used(a);
    struct arena_mark m = arena_mark(a);
    for (int i = 0; i < 100; i++) { /* far more than the cap in total */
        arena_alloc(a, 400000);
        arena_reset(a, m);
    }
    assert_int_equal(arena_used(a), before);
    arena_free(&a);
}

/* ---- growing ---- */

static void test_grow(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    char *p = arena_grow(a, NULL, 0, 10);
    memcpy(p, "0123456789", 10);
    char *q = arena_grow(a, p, 10, 1000);
    assert_ptr_equal(p, q); /* the newest block grows in place */
    assert_memory_equal(q, "0123456789", 10);
    assert_int_equal(q[10] | q[999], 0);
    arena_alloc(a, 1);
    char *r = arena_grow(a, q, 1000, 1010);
    assert_ptr_not_equal(q, r);
    assert_memory_equal(r, "0123456789", 10);
    assert_ptr_equal(arena_grow(a, r, 1010, 500), r);
    char *s = arena_grow(a, r, 1010, 200000); /* beyond the chunk */
    assert_memory_equal(s, "0123456789", 10);
    arena_free(&a);
}

static void test_vec(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    VEC(int) v = {0};
    VEC(struct mark) marks = {0};
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(*vec_push(a, &v, i), i);
        vec_push(a, &marks, (struct mark){.t = NULL, .c = (char)i});
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(v.v[i], i);
        assert_int_equal(marks.v[i].c, (char)i);
    }
    assert_int_equal(v.n, 1000);
    arena_free(&a);
}

/* ---- guards ---- */

static void raise(void *arg)
{
    (void)arg;
    oom_raise();
}

static void nested(void *arg)
{
    int *caught = arg;
    *caught = oom_guard(raise, NULL);
    oom_raise();
}

static void test_guards_nest(void **state)
{
    (void)state;
    int inner = 0;
    assert_int_equal(oom_guard(nested, &inner), -1);
    assert_int_equal(inner, -1);
    struct job j = {arena_new(1 << 20), 3, 10, 0};
    assert_int_equal(oom_guard(allocate, &j), 0);
    arena_free(&j.a);
}

static void test_fail_after(void **state)
{
    (void)state;
    for (long n = 1; n <= 5; n++) {
        struct job j = {arena_new(1 << 20), 10, 10, 0};
        arena_fail_after(n);
        assert_int_equal(oom_guard(allocate, &j), -1);
        assert_int_equal(j.done, n - 1);
        assert_int_equal(oom_guard(allocate, &j), 0); /* it fails once */
        arena_fail_after(0);
        arena_free(&j.a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_and_aligned),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_array_overflow),
        cmocka_unit_test(test_defer_order),
        cmocka_unit_test(test_reset_gives_back),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_vec),
        cmocka_unit_test(test_guards_nest),
        cmocka_unit_test(test_fail_after),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
