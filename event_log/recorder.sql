-- name: lock
-- Every writer of the log takes this lock first, in a statement of its own; the next statement then sees all that was
-- committed before (READ COMMITTED).
select pg_advisory_xact_lock(8241001)

-- name: head_and_known
-- The end of the log, the one time all of this transaction is recorded at, and which of the identities are already there:
-- one row at least, with the position null where none is. No two transactions share a time: each is one change of belief.
select coalesce(head.position, 0), coalesce(head.leaf_hash, ''), greatest(clock.now, head.recorded_at + 1),
       known.identity_hash, known.position, known.content_hash, known.customer,
       exists (select from customer_keys where customer_keys.customer = known.customer)
from (select instant_now() as now) clock
left join (select position, leaf_hash, recorded_at from ledger order by position desc limit 1) head on true
left join ledger known on known.identity_hash = any(%(identities)b)

-- name: lost_keys
-- Those of the customers whose key is not the one that is remembered, or not any more.
select remembered.customer from unnest(%(customers)b, %(key_ids)b) as remembered (customer, key_id)
where not exists (
    select from customer_keys kept where kept.customer = remembered.customer and kept.key_id = remembered.key_id
)

-- name: insert
-- New customers with their keys, and the entries with their lines in the ledger: all or nothing. Who listens is told at commit.
with new_customers as (
    insert into customers (subject_hash, customer, subject)
    select * from unnest(%(subject_hashes)b, %(numbers)b, %(subjects)b)
), new_keys as (
    insert into customer_keys (customer, key_id, wrapped_key)
    select * from unnest(%(numbers)b, %(key_ids)b, %(wrapped_keys)b)
), written as (
    insert into entries (originator_id, originator_version, topic, state, notification_id, event_id, fact_type,
                         occurred_at, recorded_at)
    select *, %(recorded_at)s from unnest(
        %(originators)b, %(versions)b, %(topics)b, %(states)b, %(positions)b, %(event_ids)b, %(fact_types)b, %(occurred_at)b
    )
), ledgered as (
    insert into ledger (position, customer, version, leaf_hash, identity_hash, content_hash, recorded_at)
    select *, %(recorded_at)s from unnest(
        %(positions)b, %(originators)b, %(versions)b, %(leaf_hashes)b, %(identity_hashes)b, %(content_hashes)b
    )
)
select pg_notify(%(channel)s, '')

-- name: is_stored
-- Whether this very entry stands at this position: how a connection lost at COMMIT is settled.
select exists (select from ledger where position = %(position)s and leaf_hash = %(leaf_hash)b)

-- name: confirm
-- What a transaction found stored, it answers for; yet a commit that was interrupted while it waited for a synchronous standby
-- is stored here alone. With a record of its own, this transaction's commit waits for the standby to have all before it.
select case when current_setting('synchronous_standby_names') <> '' then pg_logical_emit_message(true, 'trailbook', '') end

-- name: stream
-- The entries of one originator in order of version.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where originator_id = %(originator)s and originator_version > %(gt)s and originator_version <= %(lte)s
order by originator_version limit %(limit)s

-- name: stream_backwards
-- The same, newest first.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where originator_id = %(originator)s and originator_version > %(gt)s and originator_version <= %(lte)s
order by originator_version desc limit %(limit)s
