-- name: settings
-- How every connection works. A generic plan made while the log was small would scan whole tables until the next analyze:
-- hence custom plans.
select set_config('timezone', 'UTC', false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('plan_cache_mode', 'force_custom_plan', false),
       set_config('statement_timeout', %(statement)s, false),
       set_config('lock_timeout', %(lock)s, false),
       set_config('idle_in_transaction_session_timeout', %(idle)s, false),
       set_config('synchronous_commit', case when %(commit)s = 'on' then current_setting('synchronous_commit') else 'off' end, false)

-- name: as_service
-- From here on the connection is the service's, whoever had it before; a login that is no member of the role works as itself.
select set_config('role', case when pg_has_role(session_user, to_regrole('trailbook_app'), 'member')
                               then 'trailbook_app' else 'none' end, false),
       set_config('trailbook.staff', '', false),
       set_config('search_path', coalesce(%(version)s, live_versions()) || ', public', false)

-- name: one_snapshot
-- What follows in this transaction sees the rows of one moment, whatever others commit meanwhile.
set transaction isolation level repeatable read, read only

-- name: as_seller
-- From here on the connection sees what this seller sees, or it fails.
select set_config('role', 'trailbook_seller', false), set_config('trailbook.staff', %(staff)s, false),
       set_config('search_path', coalesce(%(version)s, live_versions()) || ', public', false)
