/*
 * The control socket. A request is one JSON line {"cwd","argv":[…],"input"}; the answer is a row of
 * frames: a byte ('1' output, '2' messages, 'x' the end), four bytes of length, the bytes (of 'x':
 * the exit code as a digit).
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "runtime/control.h"

#include "runtime/cmd.h"
#include "runtime/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX   (256u << 10)
#define COMMAND_ARENA ((size_t)1 << 30)
#define ARGS_MAX      512

struct control {
    struct server *server;
    int fd;
    pthread_t thread;
    struct conn *reader;
    struct str path;
    char path_text[108];
};

static int address(struct arena *a, const struct config *cfg, struct sockaddr_un *out,
                   struct err *err)
{
    struct str path = str_fmt(a, "%.*s/control.sock", STR_ARG(cfg->data));
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path.n >= sizeof(out->sun_path))
        return err_set(err, ERR_INVALID, "path_too_long", "数据目录的路径过长。",
                       "The path of the data folder is too long.");
    memcpy(out->sun_path, path.p, path.n);
    return 0;
}

static int send_all(int fd, const void *buf, size_t n)
{
    const char *p = buf;
    while (n) {
        ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static int recv_all(int fd, void *buf, size_t n)
{
    char *p = buf;
    while (n) {
        ssize_t r = recv(fd, p, n, 0);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        p += r;
        n -= (size_t)r;
    }
    return 0;
}

static int send_frame(int fd, char kind, struct str text)
{
    unsigned char head[5] = {
        (unsigned char)kind, (unsigned char)(text.n & 255), (unsigned char)(text.n >> 8 & 255),
        (unsigned char)(text.n >> 16 & 255), (unsigned char)(text.n >> 24 & 255)};
    return send_all(fd, head, sizeof(head)) || send_all(fd, text.p, text.n) ? -1 : 0;
}

/* ---- client ---- */

static struct str request_text(struct host *h, int argc, char **argv)
{
    struct strb b;
    struct json j;
    strb_init(&b, h->a);
    json_init(&j, &b);
    json_begin_obj(&j);
    json_kstr(&j, "cwd", h->cwd);
    json_kstr(&j, "input", h->input);
    json_kbool(&j, "terminal", h->terminal);
    json_kbool(&j, "english", h->lang == LANG_EN);
    json_key(&j, STR("argv"));
    json_begin_list(&j);
    for (int i = 0; i < argc; i++)
        json_str(&j, str_of(argv[i]));
    json_end_list(&j);
    json_end_obj(&j);
    strb_addc(&b, '\n');
    return strb_str(&b);
}

/* Passes frames on until the last one; its exit code. */
static int read_answer(struct host *h, int fd)
{
    unsigned char head[5];
    while (recv_all(fd, head, sizeof(head)) == 0) {
        size_t n = head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
        struct arena_mark mark = arena_mark(h->a);
        char *p = arena_alloc(h->a, n + 1);
        if (recv_all(fd, p, n))
            break;
        if (head[0] == 'x')
            return n ? p[0] - '0' : EXIT_PROBLEMS;
        h->write(h->self, head[0] - '0', (struct str){p, n});
        arena_reset(h->a, mark);
    }
    host_say(h, 2, "mortise: the server went away\n");
    return EXIT_PROBLEMS;
}

int control_call(struct host *h, int argc, char **argv)
{
    struct sockaddr_un sa;
    struct err err = ERR_INIT;
    if (address(h->a, &h->cfg, &sa, &err))
        return host_problem(h, &err);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
        if (fd >= 0)
            close(fd);
        host_say(h, 2, "mortise: another process uses the data folder “%.*s”\n",
                 STR_ARG(h->cfg.data));
        return EXIT_PROBLEMS;
    }
    struct str text = request_text(h, argc, argv);
    int code = send_all(fd, text.p, text.n) ? EXIT_PROBLEMS : read_answer(h, fd);
    close(fd);
    return code;
}

/* ---- server ---- */

struct call {
    struct control *ctl;
    int fd;
    struct arena *a;
    struct host h;
    int code;
};

static void to_client(void *self, int stream, struct str text)
{
    (void)send_frame(((struct call *)self)->fd, (char)('0' + stream),
                     text); /* gone: the command ends all the same */
}

static int read_request(struct call *call, struct val *out, struct err *err)
{
    char *p = arena_alloc(call->a, REQUEST_MAX);
    size_t n = 0;
    while (n < REQUEST_MAX) {
        ssize_t r = recv(call->fd, p + n, REQUEST_MAX - n, 0);
        if (r <= 0)
            break;
        n += (size_t)r;
        if (p[n - 1] == '\n')
            return json_parse(call->a, (struct str){p, n - 1}, out, err);
    }
    return err_set(err, ERR_MALFORMED, "malformed", "命令不完整。", "The command is incomplete.");
}

static int take_args(struct call *call, struct val req, int *argc, char ***argv, struct err *err)
{
    struct val list = val_get(req, STR("argv"));
    if (list.kind != VAL_LIST || list.n == 0 || list.n > ARGS_MAX)
        return err_set(err, ERR_MALFORMED, "malformed", "命令不完整。",
                       "The command is incomplete.");
    *argv = ARENA_ARRAY(call->a, char *, list.n + 1);
    for (size_t i = 0; i < list.n; i++)
        (*argv)[i] = str_z(call->a, val_str(list.list[i]));
    *argc = (int)list.n;
    return 0;
}

/* plan and apply name a folder: it must be one of those this server serves. */
static int own_folder(struct call *call, struct str name, struct err *err)
{
    struct host *h = &call->h;
    const struct config *cfg = call->ctl->server->cfg;
    if (!str_eqz(name, "plan") && !str_eqz(name, "apply"))
        return 0;
    char *dir = realpath(str_z(call->a, host_path(h, h->cfg.pos[0])), NULL);
    char *apps = realpath(str_z(call->a, cfg->apps), NULL);
    struct str d = str_dup(call->a, str_of(dir)), base = str_dup(call->a, str_of(apps));
    free(dir);
    free(apps);
    if (!base.n || !str_starts(d, base) || d.n <= base.n + 1 || d.p[base.n] != '/')
        return err_set(
            err, ERR_INVALID, "other_folder", "运行中的服务器使用应用目录“%.*s”，不是“%.*s”。",
            "The running server serves the folder “%.*s”, not “%.*s”.", STR_ARG(base), STR_ARG(d));
    h->cfg.pos[0] = str_sub(d, base.n + 1, d.n);
    return 0;
}

static int prepare(struct call *call, const struct host_cmd **cmd, struct err *err)
{
    struct server *s = call->ctl->server;
    struct host *h = &call->h;
    struct val req;
    int argc = 0;
    char **argv = NULL;
    if (read_request(call, &req, err) || take_args(call, req, &argc, &argv, err))
        return -1;
    *h = (struct host){.a = call->a,
                       .engine = s->engine,
                       .reader = call->ctl->reader,
                       .cwd = val_str(val_get(req, STR("cwd"))),
                       .input = val_str(val_get(req, STR("input"))),
                       .write = to_client,
                       .self = call,
                       .terminal = val_get(req, STR("terminal")).b,
                       .lang = val_get(req, STR("english")).b ? LANG_EN : LANG_ZH};
    *cmd = host_cmd_find(str_of(argv[0]));
    if (!*cmd || config_parse(call->a, argc, argv, &h->cfg, err) || h->cfg.npos < (*cmd)->min_pos)
        return *cmd ? -1
                    : err_set(err, ERR_INVALID, "usage", "没有这个命令。",
                              "There is no such command.");
    h->cfg.data = s->cfg->data;
    h->cfg.apps = s->cfg->apps;
    engine_ctx(h->engine, h->a, h->reader, &h->c);
    h->c.who = &who_system;
    h->c.via = VIA_SYSTEM;
    h->c.lang = h->lang;
    return own_folder(call, str_of(argv[0]), err);
}

static void serve_call(void *arg)
{
    struct call *call = arg;
    struct err err = ERR_INIT;
    const struct host_cmd *cmd = NULL;
    call->h = (struct host){.a = call->a, .write = to_client, .self = call};
    call->code = prepare(call, &cmd, &err) ? host_problem(&call->h, &err) : cmd->body(&call->h);
}

static void answer(struct control *ctl, int fd)
{
    struct call call = {.ctl = ctl, .fd = fd, .code = EXIT_PROBLEMS, .a = arena_new(COMMAND_ARENA)};
    if (call.a && oom_guard(serve_call, &call))
        call.code = EXIT_PROBLEMS;
    arena_free(&call.a);
    char digit = (char)('0' + call.code);
    (void)send_frame(fd, 'x', (struct str){&digit, 1}); /* a client that is gone needs no code */
}

static void *run(void *arg)
{
    struct control *ctl = arg;
    for (;;) {
        int fd = accept(ctl->fd, NULL, NULL);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            return NULL; /* control_stop() has shut the socket down */
        answer(ctl, fd);
        close(fd);
    }
}

static int bind_socket(struct control *ctl, const struct sockaddr_un *sa, struct err *err)
{
    (void)unlink(sa->sun_path); /* left by a process that is gone: the lock is ours */
    ctl->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (ctl->fd < 0 || bind(ctl->fd, (const struct sockaddr *)sa, sizeof(*sa)) ||
        chmod(sa->sun_path, 0600) || listen(ctl->fd, 8))
        return err_set(err, ERR_STORE, "control", "无法创建控制套接字：%s。",
                       "Cannot make the control socket: %s.", strerror(errno));
    return 0;
}

int control_start(struct server *server, struct control **out, struct err *err)
{
    struct control *ctl = calloc(1, sizeof(*ctl));
    struct arena *a = arena_new(1u << 16);
    struct sockaddr_un sa;
    if (!ctl || !a) {
        free(ctl);
        arena_free(&a);
        return err_set(err, ERR_OOM, "out_of_memory", "内存不足。", "Out of memory.");
    }
    ctl->server = server;
    ctl->fd = -1;
    int rc = address(a, server->cfg, &sa, err);
    arena_free(&a);
    if (rc == 0)
        memcpy(ctl->path_text, sa.sun_path, sizeof(sa.sun_path));
    if (rc || bind_socket(ctl, &sa, err) ||
        store_conn_open(engine_store(server->engine), &ctl->reader, err) ||
        pthread_create(&ctl->thread, NULL, run, ctl)) {
        if (ctl->fd >= 0)
            close(ctl->fd);
        store_conn_close(&ctl->reader);
        free(ctl);
        return err->code ? -1
                         : err_set(err, ERR_INTERNAL, "thread", "无法创建线程。",
                                   "Cannot start a thread.");
    }
    *out = ctl;
    return 0;
}

void control_stop(struct control **cp)
{
    struct control *ctl = *cp;
    if (!ctl)
        return;
    *cp = NULL;
    (void)shutdown(ctl->fd, SHUT_RDWR); /* wakes accept() */
    pthread_join(ctl->thread, NULL);
    close(ctl->fd);
    (void)unlink(ctl->path_text);
    store_conn_close(&ctl->reader);
    free(ctl);
}
