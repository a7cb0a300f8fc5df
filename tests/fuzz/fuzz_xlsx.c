/* Workbooks: bytes that are a zip as they are, others as the sheet and the shared texts of one:
 * rows of UTF-8 in order, or an error that says something. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/utf8.h"
#include "engine/record/csv.h"
#include "engine/record/xlsx_read.h"

#include <stdio.h>
#include <unistd.h>
#include <zip.h>

static const char BOOK[] = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"S\" r:id=\"a\"/></sheets>"
                           "</workbook>";
static const char RELS[] = "<Relationships><Relationship Id=\"a\" Target=\"s.xml\"/>"
                           "</Relationships>";

static void part(zip_t *z, const char *name, const char *p, size_t n)
{
    zip_source_t *s = zip_source_buffer(z, p, n, 0);
    FUZZ_CHECK(s && zip_file_add(z, name, s, ZIP_FL_OVERWRITE) >= 0);
}

static void make(const char *path, struct str in)
{
    FILE *f = fopen(path, "wb");
    FUZZ_CHECK(f != NULL);
    if (xlsx_is(in))
        FUZZ_CHECK(fwrite(in.p, 1, in.n, f) == in.n);
    FUZZ_CHECK(fclose(f) == 0);
    if (xlsx_is(in))
        return;
    int why;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &why);
    FUZZ_CHECK(z != NULL);
    part(z, "xl/workbook.xml", BOOK, sizeof(BOOK) - 1);
    part(z, "xl/_rels/workbook.xml.rels", RELS, sizeof(RELS) - 1);
    part(z, "xl/s.xml", in.p, in.n);
    part(z, "xl/sharedStrings.xml", in.p, in.n);
    part(z, "xl/styles.xml", in.p, in.n);
    FUZZ_CHECK(zip_close(z) == 0);
}

static int on_row(void *arg, uint32_t line, const struct str *cells, size_t n, struct err *err)
{
    uint32_t *last = arg;
    (void)err;
    FUZZ_CHECK(line > *last && n >= 1 && n <= CSV_CELLS_MAX);
    *last = line;
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(utf8_valid(cells[i]) || memchr(cells[i].p, 0, cells[i].n));
    return 0;
}

static void fuzz_one(struct arena *a, struct str in)
{
    struct err err = ERR_INIT;
    uint32_t last = 0;
    char path[64];
    (void)snprintf(path, sizeof(path), "/dev/shm/fuzz-xlsx-%ld", (long)getpid());
    make(path, in);
    const struct xlsx_in x = {str_of(path), STR_NONE, STR("/dev/shm")};
    int rc = xlsx_read(a, &x, on_row, &last, &err);
    FUZZ_CHECK(rc == 0 || (err.code != ERR_NONE && err.zh[0]));
    (void)unlink(path);
}
