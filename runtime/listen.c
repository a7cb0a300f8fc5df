/*
 * Opening the listening socket: from "ADDR:PORT", or handed over by systemd.
 */
#include "runtime/http_mhd.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SYSTEMD_FD 3

static int bad_address(struct str address, struct err *err)
{
    return err_set(err, ERR_INVALID, "listen", "监听地址“%.*s”应为“地址:端口”。",
                   "“%.*s” is no address; write ADDR:PORT, such as 127.0.0.1:8080.",
                   STR_ARG(address));
}

static int split(struct str address, char *host, size_t cap, char port[8])
{
    struct str h = address, p;
    ptrdiff_t colon = -1;
    for (size_t i = 0; i < address.n; i++)
        if (address.p[i] == ':')
            colon = (ptrdiff_t)i;
    if (colon < 0)
        return -1;
    h.n = (size_t)colon;
    p = str_sub(address, (size_t)colon + 1, address.n);
    if (h.n > 1 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = str_sub(h, 1, h.n - 2);
    int64_t n;
    if (!h.n || h.n >= cap || p.n > 5 || !str_int(p, 0, 65535, &n))
        return -1;
    memcpy(host, h.p, h.n);
    host[h.n] = '\0';
    memcpy(port, p.p, p.n);
    port[p.n] = '\0';
    return 0;
}

static void describe(int fd, unsigned *port, bool *loopback)
{
    struct sockaddr_storage ss;
    socklen_t n = sizeof(ss);
    *port = 0;
    *loopback = false;
    if (getsockname(fd, (struct sockaddr *)&ss, &n))
        return;
    if (ss.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&ss;
        *port = ntohs(in->sin_port);
        *loopback = (ntohl(in->sin_addr.s_addr) >> 24) == 127;
    } else if (ss.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)&ss;
        *port = ntohs(in->sin6_port);
        *loopback = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
    }
}

static bool from_systemd(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    int64_t n, k;
    return pid && fds && str_int(str_of(pid), 1, INT32_MAX, &n) && n == (int64_t)getpid() &&
           str_int(str_of(fds), 1, 16, &k);
}

static int bind_first(const struct addrinfo *ai)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, 1024) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int http_listen(struct str address, int *fd, unsigned *port, bool *loopback, struct err *err)
{
    char host[256], service[8];
    if (from_systemd()) {
        *fd = SYSTEMD_FD;
        describe(*fd, port, loopback);
        return 0;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *ai;
    if (split(address, host, sizeof(host), service) || getaddrinfo(host, service, &hints, &ai))
        return bad_address(address, err);
    *fd = bind_first(ai);
    int why = errno;
    freeaddrinfo(ai);
    if (*fd < 0)
        return err_set(err, ERR_INVALID, "listen", "无法监听 %.*s（%s）。",
                       "Cannot listen on %.*s (%s).", STR_ARG(address),
                       why == EADDRINUSE ? "address in use"
                       : why == EACCES   ? "no permission"
                                         : "failed");
    describe(*fd, port, loopback);
    return 0;
}
