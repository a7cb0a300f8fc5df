/* Confinement: the filter holds in a child (running a program, tracing), everything else goes on.
 */
#include "runtime/confine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { HELD = 0, NO_SECCOMP = 1, EXEC_RAN = 2, WRONG_ERROR = 3, CANNOT_WORK = 4 };

static int in_child(void)
{
    if (!confine_process())
        return NO_SECCOMP;
    char *argv[] = {(char *)(uintptr_t) "/bin/true", NULL};
    (void)execv("/bin/true", argv);
    if (errno != EPERM)
        return WRONG_ERROR;
    int fd[2];
    return pipe(fd) || write(fd[1], "x", 1) != 1 ? CANNOT_WORK : HELD;
}

static void test_confined(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(in_child());
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_SECCOMP)
        skip();
    assert_int_equal(WEXITSTATUS(status), HELD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_confined)};
    return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
