/*
 * System tables of apps: published versions and their files, what a publish retired or still fills,
 * settings, public forms, serial numbers.
 */
#include "engine/store/migrate_int.h"

static const struct str STEPS[] = {
    STR("CREATE TABLE _app_version ("
        "app {text} NOT NULL, n {int} NOT NULL, at {int} NOT NULL, by {int}, note {text},"
        "hash {text} NOT NULL, PRIMARY KEY (app, n)) {strict}"),
    STR("CREATE TABLE _app_file ("
        "app {text} NOT NULL, n {int} NOT NULL, path {text} NOT NULL, text {text} NOT NULL,"
        "PRIMARY KEY (app, n, path)) {strict}"),
    /* running is the n that is served; base_n the version an upgrade merges from. */
    STR("CREATE TABLE _app_state ("
        "app {text} NOT NULL PRIMARY KEY, running {int} NOT NULL, base_n {int},"
        "enabled {int} NOT NULL DEFAULT 1, seeded {int} NOT NULL DEFAULT 0) {strict}"),

    /* A column (or, with an empty name, a whole table) that the running version no longer has.
     * stored_as is its present name in the table; sub is empty for a form's own columns. */
    STR("CREATE TABLE _retired ("
        "app {text} NOT NULL, form {text} NOT NULL, sub {text} NOT NULL, name {text} NOT NULL,"
        "stored_as {text} NOT NULL, kind {text} NOT NULL, at {int} NOT NULL, by {int},"
        "n {int} NOT NULL, PRIMARY KEY (app, form, sub, stored_as)) {strict}"),

    /* A stored column that still reads by its expression; rows with _id <= last_id are filled. */
    STR("CREATE TABLE _backfill ("
        "app {text} NOT NULL, form {text} NOT NULL, sub {text} NOT NULL, name {text} NOT NULL,"
        "n {int} NOT NULL, last_id {int} NOT NULL DEFAULT 0, done {int} NOT NULL DEFAULT 0,"
        "total {int} NOT NULL DEFAULT 0, PRIMARY KEY (app, form, sub, name)) {strict}"),

    /* One value per start day (days since 1970-01-01); undated settings have day 0. */
    STR("CREATE TABLE _setting ("
        "app {text} NOT NULL, key {text} NOT NULL, day {int} NOT NULL DEFAULT 0,"
        "value {json} NOT NULL, at {int} NOT NULL, by {int},"
        "PRIMARY KEY (app, key, day)) {strict}"),

    STR("CREATE TABLE _public ("
        "token {text} NOT NULL PRIMARY KEY, app {text} NOT NULL, form {text} NOT NULL,"
        "key {text} NOT NULL, created_at {int} NOT NULL, used {int} NOT NULL DEFAULT 0) {strict}"),
    STR("CREATE UNIQUE INDEX _public_form ON _public (app, form, key)"),

    STR("CREATE TABLE _serial ("
        "app {text} NOT NULL, form {text} NOT NULL, field {text} NOT NULL,"
        "period {text} NOT NULL, last {int} NOT NULL,"
        "PRIMARY KEY (app, form, field, period)) {strict}"),
};

const struct migration migrate_app = {2, STR("apps and versions"), STEPS, ARRAY_LEN(STEPS)};
