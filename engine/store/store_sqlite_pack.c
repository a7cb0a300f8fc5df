/*
 * Writing the file of a SQLite database anew, so that nothing is left in unused parts of its pages.
 */
#include "engine/store/store_sqlite_pack.h"

#include "engine/base/log.h"

#include <sqlite3.h>

/* The copy is made in a file, not in memory as other temporary things are. */
static int vacuum(struct sqlite3 *db)
{
    int rc = sqlite3_exec(db, "PRAGMA temp_store=FILE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "VACUUM", NULL, NULL, NULL);
    int back = sqlite3_exec(db, "PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
    return rc == SQLITE_OK ? back : rc;
}

void sqlite_repack(struct sqlite3 *db)
{
    int attached = sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1); /* the copy */
    sqlite3_set_authorizer(db, NULL, NULL);
    int rc = vacuum(db);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, attached);
    if (rc != SQLITE_OK)
        log_event(LOG_WARN, "vacuum", LOG_TEXT("why", str_of(sqlite3_errstr(rc))));
}
