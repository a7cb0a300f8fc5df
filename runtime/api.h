/*
 * All handlers, by area (api_*.c): each parses, calls one engine function and writes the answer.
 * Their rows are in routes.c.
 */
#ifndef RUNTIME_API_H
#define RUNTIME_API_H

#include "runtime/http.h"

/* api_auth.c */
http_handler api_session_get, api_session_post, api_session_delete, api_setup_get, api_setup_post;
http_handler api_token_list, api_token_post, api_token_delete, api_password_post;
/* api_me.c */
http_handler api_me_patch, api_session_list, api_session_one_delete, api_totp_get, api_totp_post,
    api_totp_delete, api_delegation_get, api_delegation_post, api_delegation_delete;
/* api_notice.c */
http_handler api_notices, api_notice_read, api_notices_read, api_notify_get, api_notify_put;
/* api_org.c */
http_handler api_members, api_departments;
/* api_member.c */
http_handler api_admin_members, api_admin_member, api_admin_member_post, api_admin_member_patch,
    api_admin_member_delete, api_admin_member_hand_over, api_admin_member_sessions,
    api_admin_member_sessions_delete;
/* api_department.c */
http_handler api_admin_departments, api_admin_department_post, api_admin_department_patch,
    api_admin_department_delete;
/* api_role.c */
http_handler api_admin_roles, api_admin_role_get, api_admin_role_put, api_admin_tokens,
    api_admin_token_delete;
/* api_invite.c */
http_handler api_invite_post, api_invite_delete, api_invitation_get, api_invitation_post;
/* api_app.c */
http_handler api_apps, api_form, api_admin_apps;
/* api_region.c */
http_handler api_regions;
/* api_record.c */
http_handler api_record_post, api_record_get, api_record_patch, api_record_delete,
    api_record_restore;
http_handler api_record_button, api_record_history, api_record_explain, api_record_related;
/* api_vault.c */
http_handler api_keys, api_keys_rotate, api_privacy_find, api_privacy_post, api_privacy_list;
/* api_simulate.c */
http_handler api_simulate;
/* api_undo.c */
http_handler api_undo;
/* api_keep.c */
http_handler api_draft_kept, api_draft_keep, api_draft_forget;
http_handler api_record_copy, api_my_drafts, api_app_settings, api_app_setting_put;
/* api_view.c */
http_handler api_view_list, api_view_post, api_view_put, api_view_delete;
/* api_comment.c */
http_handler api_comment_list, api_comment_post, api_comment_patch, api_comment_delete;
/* api_batch.c */
http_handler api_form_batch, api_batch;
/* api_query.c */
http_handler api_complete, api_complete_design, api_record_trace;
http_handler api_records, api_query, api_aggregate, api_eval, api_export;
/* api_task.c */
http_handler api_tasks, api_task_act, api_task_batch, api_flow_get, api_flow_act, api_flow_simulate,
    api_flow_stats, api_flow_move;
/* api_import.c */
http_handler api_import, api_job, api_job_errors, api_import_undo;
/* api_calendar.c */
http_handler api_calendar, api_calendar_put;
/* api_imports.c */
http_handler api_imports, api_job_rows;
/* api_file.c */
http_handler api_file_post, api_file_get, api_file_delete;
/* api_print.c */
http_handler api_print;
/* api_share.c */
http_handler api_share_post, api_share_list, api_share_delete, api_merge, api_merges;
/* api_dash.c */
http_handler api_dashboard, api_widget;
/* api_public.c */
http_handler api_public_get, api_public_post, api_public_file_post;
/* api_design.c */
http_handler api_draft_list, api_draft_get, api_draft_put, api_draft_patch, api_draft_delete,
    api_check, api_plan, api_publish, api_versions, api_version_diff, api_rollback, api_references,
    api_schema;
/* api_automation.c */
http_handler api_outbox, api_app_outbox, api_automations, api_outbox_replay_all, api_outbox_replay,
    api_app_outbox_replay, api_outbox_drop, api_hook, api_endpoints, api_endpoint_put,
    api_endpoint_test;
/* api_admin.c */
http_handler api_audit, api_audit_verify, api_backup_list, api_backup_post, api_jobs, api_settings;
/* api_system.c */
http_handler api_healthz, api_readyz, api_metrics, api_openapi, api_events, api_test_clock;

/* ---- shared between them ---- */

/* The "me" of a session. */
int me_json(struct ctx *c, struct json *j, struct err *err) ATTR_MUST;
/* Logs the member in and answers as POST /session. */
int auth_log_in(struct http_req *req, struct http_resp *resp, int64_t member,
                struct err *err) ATTR_MUST;
/* ERR_DENIED for a token: this needs a session. */
int auth_session_only(const struct http_req *req, struct err *err) ATTR_MUST;
/* Is this the caller's password? Throttled like a login: 1, 0 (told in diags at `field`), -1. */
int auth_confirm(struct http_req *req, struct http_resp *resp, struct str password,
                 const char *field, struct err *err) ATTR_MUST;
/* {"me":…,"csrf":…} */
int session_json(struct http_req *req, struct json *j, struct err *err) ATTR_MUST;
/* [ {app…}, … ] as in GET /apps */
int apps_json(struct http_req *req, struct json *j, struct err *err) ATTR_MUST;
/* The form as the caller sees it: 1, 0 invisible, -1. */
int form_json(struct ctx *c, const struct form *f, struct json *j, struct err *err) ATTR_MUST;
/* May the caller open the app: a grant on one of its forms, or a role. */
int app_visible(struct ctx *c, struct app *app, bool *visible, struct err *err) ATTR_MUST;

/* A value of a record body for api_write(). */
struct val body_or_empty(struct val body);

#endif
