/*
 * System tables of what is encrypted: data keys, wrapped by a master key that is not here.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    /* kind: app subject blind. subject: the record or member whose key it is, else 0. state:
     * current, old (still opens what it sealed), retired and erased (wrapped is NULL: it opens
     * nothing any more). master: the id of the key that wraps it. */
    STR("CREATE TABLE _vault_key ("
        "id {id}, app {text} NOT NULL, kind {text} NOT NULL, subject {int} NOT NULL,"
        "master {text} NOT NULL, wrapped {text}, state {text} NOT NULL,"
        "created_at {int} NOT NULL, ended_at {int}) {strict}"),
    STR("CREATE UNIQUE INDEX _vault_key_current ON _vault_key (app, kind, subject)"
        " WHERE state = 'current'"),
    STR("CREATE INDEX _vault_key_subject ON _vault_key (subject) WHERE subject <> 0"),
    STR("CREATE INDEX _vault_key_master ON _vault_key (master) WHERE wrapped IS NOT NULL"),

    /* What a person asked for: access, correct, export, erase. It names rows, never values. */
    STR("CREATE TABLE _privacy_request ("
        "id {id}, kind {text} NOT NULL, app {text} NOT NULL, form {text} NOT NULL,"
        "record {int} NOT NULL, state {text} NOT NULL, note {text}, due_at {int},"
        "created_at {int} NOT NULL, created_by {int}, done_at {int}, done_by {int},"
        "result {json}) {strict}"),
    STR("CREATE INDEX _privacy_request_state ON _privacy_request (state, id)"),
};

const struct migration migrate_vault = {6, STR("keys"), STEPS, ARRAY_LEN(STEPS)};
