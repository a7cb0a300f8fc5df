/*
 * Arguments to a command; exit codes. Everything else is in the commands.
 */
#include "runtime/cmd.h"

#include "engine/base/strb.h"
#include "engine/vault/vault.h"

#include <signal.h>
#include <stdio.h>

#define COMMAND_ARENA ((size_t)1 << 30)

struct call {
    struct arena *a;
    const struct cmd *cmd;
    int argc;
    char **argv;
    int code;
};

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

static void run(void *arg)
{
    struct call *call = arg;
    struct strb text;
    strb_init(&text, call->a);
    if (!call->cmd) {
        cmd_help_all(&text);
        bool asked =
            call->argc > 0 && (!strcmp(call->argv[0], "help") || !strcmp(call->argv[0], "--help"));
        (void)fputs(strb_str(&text).p, asked ? stdout : stderr);
        call->code = asked ? EXIT_FINE : EXIT_USAGE;
    } else if (wants_help(call->argc, call->argv)) {
        cmd_help_one(&text, call->cmd);
        (void)fputs(strb_str(&text).p, stdout);
    } else {
        call->code = call->cmd->run(call->a, call->argc, call->argv);
    }
}

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a closed peer is an error of write() … */
    (void)sigaction(SIGXFSZ, &ignore, NULL); /* … and so is a file over the limit of the process */
    struct arena *a = arena_new(COMMAND_ARENA);
    if (!a || vault_init()) {
        (void)fputs("mortise: cannot start (memory or libsodium)\n", stderr);
        return EXIT_PROBLEMS;
    }
    struct call call = {.a = a, .argc = argc - 1, .argv = argv + 1};
    call.cmd = argc > 1 ? cmd_find(argv[1]) : NULL;
    if (oom_guard(run, &call)) {
        (void)fputs("mortise: out of memory\n", stderr);
        call.code = EXIT_PROBLEMS;
    }
    arena_free(&a);
    return fflush(stdout) ? EXIT_PROBLEMS : call.code;
}
