/*
 * Reading files and making folders for the commands and the jobs.
 */
#include "runtime/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct err *err, struct str path, enum err_code code, const char *key)
{
    const char *why = strerror(errno);
    return err_set(err, code, key, "无法读取“%.*s”：%s。", "Cannot read “%.*s”: %s.", STR_ARG(path),
                   why);
}

static int fill(int fd, char *p, size_t n)
{
    for (size_t have = 0; have < n;) {
        ssize_t r = read(fd, p + have, n - have);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        have += (size_t)r;
    }
    return 0;
}

/* At most max_bytes; more is an error when the whole file is wanted. */
static int slurp(struct arena *a, struct str path, size_t max_bytes, bool whole, struct str *out,
                 struct err *err)
{
    struct stat st;
    int fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(err, path, ERR_NOT_FOUND, "no_file");
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return failed(err, path, ERR_INVALID, "no_file");
    }
    size_t n = MIN((size_t)st.st_size, max_bytes);
    if (whole && (size_t)st.st_size > max_bytes) {
        close(fd);
        return err_set(err, ERR_TOO_LARGE, "too_large", "文件“%.*s”超过 %zu 字节。",
                       "File “%.*s” is over %zu bytes.", STR_ARG(path), max_bytes);
    }
    char *p = arena_alloc(a, n + 1);
    int rc = fill(fd, p, n);
    close(fd);
    if (rc)
        return failed(err, path, ERR_STORE, "file_error");
    *out = (struct str){p, n};
    return 0;
}

int slurp_file(struct arena *a, struct str path, size_t max_bytes, struct str *out, struct err *err)
{
    return slurp(a, path, max_bytes, true, out, err);
}

int slurp_head(struct arena *a, struct str path, size_t max_bytes, struct str *out, struct err *err)
{
    return slurp(a, path, max_bytes, false, out, err);
}

int make_folder(struct arena *a, struct str path, struct err *err)
{
    char *z = str_z(a, path);
    for (char *p = z + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        (void)mkdir(z, 0755); /* the last one tells whether it worked */
        *p = '/';
    }
    if (mkdir(z, 0750) == 0 || errno == EEXIST)
        return 0;
    return err_set(err, ERR_STORE, "folder", "无法创建目录“%s”：%s。",
                   "Cannot make the folder “%s”: %s.", z, strerror(errno));
}
