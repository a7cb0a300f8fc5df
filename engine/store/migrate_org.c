/*
 * System tables of people and of who may come in: members, departments, roles, sessions, tokens,
 * throttling, the audit chain. Every instant is microseconds since the epoch; every hash is
 * lower-case hex; "member" columns hold _member.id.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("CREATE TABLE _meta ("
        "key {text} NOT NULL PRIMARY KEY, value {text} NOT NULL) {strict}"),

    /* login_key is the folded login (utf8 NFKC, lower case); password is the hash string, NULL for
     * a member who cannot log in; rights is a JSON list of design, people, operate. */
    STR("CREATE TABLE _member ("
        "id {id}, login {text} NOT NULL, login_key {text} NOT NULL, name {text} NOT NULL,"
        "password {text}, active {int} NOT NULL DEFAULT 1, manager {int},"
        "rights {json} NOT NULL DEFAULT '[]', language {text}, totp {text}, totp_last {int},"
        "must_change {int} NOT NULL DEFAULT 0, password_at {int},"
        "created_at {int} NOT NULL, updated_at {int} NOT NULL) {strict}"),
    STR("CREATE UNIQUE INDEX _member_login ON _member (login_key)"),
    STR("CREATE INDEX _member_manager ON _member (manager)"),

    STR("CREATE TABLE _department ("
        "id {id}, name {text} NOT NULL, parent {int}, manager {int},"
        "external {int} NOT NULL DEFAULT 0, active {int} NOT NULL DEFAULT 1,"
        "pos {int} NOT NULL DEFAULT 0, created_at {int} NOT NULL) {strict}"),
    STR("CREATE INDEX _department_parent ON _department (parent)"),

    /* main marks the one department that new records get as _dept. */
    STR("CREATE TABLE _member_department ("
        "member {int} NOT NULL, department {int} NOT NULL, main {int} NOT NULL DEFAULT 0,"
        "PRIMARY KEY (member, department)) {strict}"),
    STR("CREATE INDEX _member_department_d ON _member_department (department)"),

    STR("CREATE TABLE _member_role ("
        "member {int} NOT NULL, app {text} NOT NULL, role {text} NOT NULL,"
        "PRIMARY KEY (member, app, role)) {strict}"),
    STR("CREATE INDEX _member_role_r ON _member_role (app, role)"),

    /* Tasks that arrive in [starts_at, ends_at) go to the delegate too; forms NULL: all of them. */
    STR("CREATE TABLE _delegation ("
        "id {id}, member {int} NOT NULL, delegate {int} NOT NULL, starts_at {int} NOT NULL,"
        "ends_at {int} NOT NULL, forms {json}, created_at {int} NOT NULL) {strict}"),
    STR("CREATE INDEX _delegation_member ON _delegation (member, ends_at)"),

    STR("CREATE TABLE _session ("
        "hash {text} NOT NULL PRIMARY KEY, member {int} NOT NULL, csrf {text} NOT NULL,"
        "created_at {int} NOT NULL, seen_at {int} NOT NULL, expires_at {int} NOT NULL,"
        "addr {text}, agent {text}) {strict}"),
    STR("CREATE INDEX _session_member ON _session (member)"),
    STR("CREATE INDEX _session_expires ON _session (expires_at)"),

    STR("CREATE TABLE _token ("
        "id {id}, hash {text} NOT NULL, member {int} NOT NULL, title {text} NOT NULL,"
        "scopes {json} NOT NULL, addrs {json}, created_at {int} NOT NULL, expires_at {int},"
        "used_at {int}) {strict}"),
    STR("CREATE UNIQUE INDEX _token_hash ON _token (hash)"),
    STR("CREATE INDEX _token_member ON _token (member)"),

    /* who is "login:<folded login>" or "addr:<address>". */
    STR("CREATE TABLE _login_failure ("
        "who {text} NOT NULL PRIMARY KEY, count {int} NOT NULL, first_at {int} NOT NULL,"
        "last_at {int} NOT NULL, until {int}) {strict}"),

    /* Append-only (the driver refuses UPDATE and DELETE). hash covers prev and every other column.
     */
    STR("CREATE TABLE _audit ("
        "n {id}, at {int} NOT NULL, who {int}, via {text} NOT NULL, addr {text},"
        "what {text} NOT NULL, app {text}, form {text}, record {int}, detail {json},"
        "prev {text} NOT NULL, hash {text} NOT NULL) {strict}"),
    STR("CREATE INDEX _audit_who ON _audit (who, n)"),
    STR("CREATE INDEX _audit_what ON _audit (what, n)"),
    STR("CREATE INDEX _audit_at ON _audit (at)"),
};

const struct migration migrate_org = {1, STR("people, sessions, audit"), STEPS, ARRAY_LEN(STEPS)};
