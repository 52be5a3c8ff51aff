-- name: schema
-- The number of the newest migration that was applied.
select coalesce(max(number), 0) from schema_migrations

-- name: wait_at_most
-- How long what follows in this transaction waits for a lock.
select set_config('lock_timeout', %(timeout)s, true)

-- name: pass_through_lock
-- Waits for the writer at work, if any, and holds nobody up.
select pg_advisory_xact_lock_shared(8241001)
