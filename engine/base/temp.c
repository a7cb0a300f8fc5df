#define _GNU_SOURCE /* O_TMPFILE */
#include "engine/base/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* For file systems that know no nameless files (overlays of old kernels): the name lives for the
 * time between two calls, before anything is written. */
static int named(struct arena *a, struct str dir)
{
    char *path = str_z(a, str_fmt(a, "%.*s/.temp-XXXXXX", STR_ARG(dir)));
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0 && unlink(path)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

int temp_nameless(struct arena *a, struct str dir)
{
    int fd = open(str_z(a, dir), O_RDWR | O_TMPFILE | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool unknown = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
    return unknown ? named(a, dir) : fd;
}

struct str temp_path(struct arena *a, int fd)
{
    return str_fmt(a, "/proc/self/fd/%d", fd);
}
