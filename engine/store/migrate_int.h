/*
 * The list of system migrations, for migrate.c and its rows in migrate_*.c only.
 *
 * Statements are program literals. Words in braces are spelt by the dialect:
 *   {id} the integer primary key   {int} {real} {text} column types   {json} text that holds JSON
 *   {strict} what ends a CREATE TABLE
 * A published row never changes (its checksum is recorded); a change is a new row.
 */
#ifndef STORE_MIGRATE_INT_H
#define STORE_MIGRATE_INT_H

#include "engine/store/store.h"

struct migration {
    int n;           /* 1, 2, 3 … without gaps */
    struct str name; /* a word or two for people */
    const struct str *steps;
    size_t nsteps;
};

extern const struct migration migrate_org;
extern const struct migration migrate_app;
extern const struct migration migrate_work;
extern const struct migration migrate_flow;
extern const struct migration migrate_history;
extern const struct migration migrate_vault;
extern const struct migration migrate_search;
extern const struct migration migrate_files, migrate_rollup;
extern const struct migration migrate_people;
extern const struct migration migrate_talk;
extern const struct migration migrate_share;
extern const struct migration migrate_seal, migrate_cache, migrate_import;
extern const struct migration migrate_automation;
extern const struct migration migrate_stage, migrate_sealing, migrate_draft;

#endif
