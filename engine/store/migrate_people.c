/*
 * People, second part: external organisations, invitations, recovery codes, what a member wants to
 * be told. `org` is the outermost department marked external above (or at) a department, and so of
 * its members; NULL for our own people. It is kept beside the tree because every reading by an
 * external asks for it.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("ALTER TABLE _department ADD COLUMN org {int}"),
    STR("CREATE INDEX _department_org ON _department (org) WHERE org IS NOT NULL"),
    STR("ALTER TABLE _member ADD COLUMN org {int}"),
    STR("CREATE INDEX _member_org ON _member (org) WHERE org IS NOT NULL"),
    STR("ALTER TABLE _member ADD COLUMN org_admin {int} NOT NULL DEFAULT 0"),
    /* totp_new: enrolled, not confirmed yet. recovery: JSON list of hashes, one less with each use.
     */
    STR("ALTER TABLE _member ADD COLUMN totp_new {text}"),
    STR("ALTER TABLE _member ADD COLUMN recovery {json}"),
    STR("ALTER TABLE _member ADD COLUMN notify {json}"),

    /* Two departments of the same name under one parent, from before this was refused. */
    STR("UPDATE _department SET name = name || ' (' || id || ')' WHERE active = 1 AND id NOT IN"
        " (SELECT MIN(id) FROM _department WHERE active = 1 GROUP BY COALESCE(parent, 0), name)"),
    STR("CREATE UNIQUE INDEX _department_name ON _department (COALESCE(parent, 0), name)"
        " WHERE active = 1"),

    /* hash of the token in the link; used once, then used_at is set. */
    STR("CREATE TABLE _invitation ("
        "id {id}, hash {text} NOT NULL, member {int} NOT NULL, created_at {int} NOT NULL,"
        "created_by {int}, expires_at {int} NOT NULL, used_at {int}) {strict}"),
    STR("CREATE UNIQUE INDEX _invitation_hash ON _invitation (hash)"),
    STR("CREATE INDEX _invitation_member ON _invitation (member)"),
};

const struct migration migrate_people = {10, STR("external organisations"), STEPS,
                                         ARRAY_LEN(STEPS)};
