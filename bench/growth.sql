-- name: fill
-- So many entries of as many facts, ten a customer, as long as usual, of customers without a key: the log as it is after years.
with fresh as (
    select n as position, md5((n / 10)::text)::uuid as customer, (n %% 10 + 1)::bigint as version,
           %(begin)s::bigint + n as recorded_at, sha256(int8send(n)) as hash
    from generate_series(%(after)s::bigint + 1, %(last)s::bigint) as n
), written as (
    insert into entries (originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at,
                         recorded_at)
    select customer, version, 'fact',
           convert_to('{"box":"' || repeat(encode(hash, 'hex'), 6) || '","open":{},"v":1}', 'utf8'), position, gen_random_uuid(), 'content.viewed', recorded_at, recorded_at
    from fresh
), named as (
    insert into customers (subject_hash, customer, subject)
    select hash, customer, 'filler ' || position from fresh where version = 1
)
insert into ledger (position, customer, version, recorded_at, leaf_hash, identity_hash, content_hash)
select position, customer, version, recorded_at, hash, hash, hash from fresh

-- name: head
-- The last position.
select coalesce(max(position), 0) from ledger

-- name: analyze
-- As autovacuum would have done long ago.
analyze

-- name: size
-- Bytes of the log with its indexes.
select sum(pg_total_relation_size(relid)) from (
    select relid from pg_partition_tree('entries') union all select 'ledger'::regclass union all select 'customers'::regclass
) as kept
