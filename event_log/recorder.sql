-- name: lock
-- Every writer of the log takes this lock first, in a statement of its own; the next statement then sees all that was
-- committed before (READ COMMITTED).
select pg_advisory_xact_lock(8241001)

-- name: head_and_known
-- The end of the log, the one time all of this transaction is recorded at, and which of the identities are already there:
-- one row at least, with the position null where none is. No two transactions share a time: each is one change of belief.
with head as (
    select coalesce(max(position), 0) as position from ledger
), clock as (
    select greatest(instant_now(), (select recorded_at + 1 from ledger order by position desc limit 1)) as now
)
select head.position, clock.now, known.identity_hash, known.position, known.content_hash, known.customer,
       exists (select from customer_keys where customer_keys.customer = known.customer)
from head cross join clock left join ledger known on known.identity_hash = any(%(identities)b::bytea[])

-- name: insert
-- New customers with their keys, and the entries with their lines in the ledger: all or nothing.
with new_customers as (
    insert into customers (subject_hash, customer, subject)
    select * from unnest(%(subject_hashes)b::bytea[], %(numbers)b::uuid[], %(subjects)b::text[])
), new_keys as (
    insert into customer_keys (customer, key_id, wrapped_key)
    select * from unnest(%(numbers)b::uuid[], %(key_ids)b::uuid[], %(wrapped_keys)b::bytea[])
), fresh as materialized (
    select * from unnest(
        %(originators)b::uuid[], %(versions)b::bigint[], %(topics)b::text[], %(states)b::bytea[], %(positions)b::bigint[],
        %(event_ids)b::uuid[], %(fact_types)b::text[], %(occurred_at)b::bigint[], %(recorded_at)b::bigint[],
        %(leaf_hashes)b::bytea[], %(identity_hashes)b::bytea[], %(content_hashes)b::bytea[]
    ) as entry (
        originator, version, topic, state, position, event_id, fact_type, occurred_at, recorded_at,
        leaf_hash, identity_hash, content_hash
    )
), written as (
    insert into entries (originator_id, originator_version, topic, state, notification_id, event_id, fact_type,
                         occurred_at, recorded_at)
    select originator, version, topic, state, position, event_id, fact_type, occurred_at, recorded_at from fresh
)
insert into ledger (position, customer, version, recorded_at, leaf_hash, identity_hash, content_hash)
select position, originator, version, recorded_at, leaf_hash, identity_hash, content_hash from fresh

-- name: is_stored
-- Whether this very entry stands at this position: how a connection lost at COMMIT is settled.
select exists (select from ledger where position = %(position)s and leaf_hash = %(leaf_hash)b)

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
