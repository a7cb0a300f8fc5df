/*
 * Time zones from the host's files.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/meta/load.h"

#define ZONE_BYTES_MAX (256 * 1024)

/* A zone's name is a relative path of letters; anything else never reaches the file system. */
static bool zone_name_ok(struct str name)
{
    if (name.n == 0 || name.n > 64 || name.p[0] == '/')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '/' || c == '_' || c == '-' || c == '+';
        if (!ok)
            return false;
    }
    return true;
}

int load_zone_file(void *self, struct arena *a, struct str name, struct str *out)
{
    (void)self;
    if (!zone_name_ok(name))
        return -1;
    int fd =
        open(str_z(a, str_fmt(a, "/usr/share/zoneinfo/%.*s", STR_ARG(name))), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    struct stat st;
    char *p = NULL;
    size_t n = 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        st.st_size < ZONE_BYTES_MAX) {
        p = arena_alloc(a, (size_t)st.st_size);
        for (ssize_t got;
             n < (size_t)st.st_size && (got = read(fd, p + n, (size_t)st.st_size - n)) > 0;)
            n += (size_t)got;
    }
    close(fd);
    *out = (struct str){p, n};
    return n ? 0 : -1;
}
