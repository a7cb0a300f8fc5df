/* CSV: any bytes give rows or an error; rows written by us read back. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/utf8.h"
#include "engine/record/csv.h"

static void fuzz_one(struct arena *a, struct str in)
{
    struct err err = ERR_INIT;
    struct csv csv;
    struct str text;
    struct str *cells;
    size_t n;
    int rc;
    if (csv_decode(a, in, &text, &err) < 0) {
        FUZZ_CHECK(err.code != ERR_NONE && err.zh[0]);
        return;
    }
    FUZZ_CHECK(utf8_valid(text));
    csv_init(&csv, text);
    while ((rc = csv_row(&csv, a, &cells, &n, &err)) > 0) {
        struct strb out;
        struct csv again;
        struct str *back;
        size_t m;
        FUZZ_CHECK(n >= 1 && n <= CSV_CELLS_MAX && csv.line >= 1);
        strb_init(&out, a);
        for (size_t i = 0; i < n; i++) {
            FUZZ_CHECK(utf8_valid(cells[i]));
            if (i)
                strb_addc(&out, ',');
            csv_write_cell(&out, cells[i]);
        }
        strb_addz(&out, "\r\n");
        csv_init(&again, strb_str(&out));
        again.sep = ',';
        if (csv_row(&again, a, &back, &m, &err) > 0)
            FUZZ_CHECK(m == n);
    }
    FUZZ_CHECK(rc == 0 || (err.code != ERR_NONE && err.zh[0]));
}
