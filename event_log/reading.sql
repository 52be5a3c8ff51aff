-- name: head
-- The last position, 0 of an empty log.
select coalesce(max(position), 0) from positions

-- name: now
-- The database's clock, which gives recorded_at.
select instant_now()

-- name: present
-- Both as of one moment.
select instant_now(), (select coalesce(max(position), 0) from positions)

-- name: end
-- Where the log ends, and when its last entry was recorded; no row of an empty log.
select position, recorded_at from positions order by position desc limit 1

-- name: pass_through_lock
-- Waits for the writer at work, if any, and holds nobody up: what it records is then committed or gone.
select pg_advisory_xact_lock_shared(8241001)

-- name: position_at
-- The last position recorded at or before an instant, 0 where there is none.
select coalesce((select position from positions where recorded_at <= %(known_at)s
                 order by recorded_at desc, position desc limit 1), 0)

-- name: page
-- Entries in order of position.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where notification_id > %(after)s and notification_id <= %(last)s
order by notification_id limit %(limit)s

-- name: page_of_partition
-- The same of one partition of customers; publications are of all.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where notification_id > %(after)s and notification_id <= %(last)s
  and (partition_of(originator_id, %(partitions)s) = %(partition)s or topic = 'rulebook-published')
order by notification_id limit %(limit)s

-- name: rest_of_transaction
-- What else of it was recorded at the time of an entry: what one transaction wrote has one time, and no other has it.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where notification_id > %(after)s
  and notification_id <= (select max(position) from ledger where recorded_at = %(recorded_at)s)
  and (partition_of(originator_id, %(partitions)s) = %(partition)s or topic = 'rulebook-published')
order by notification_id

-- name: of_positions
-- The entries at these positions.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries where notification_id = any(%(positions)s)

-- name: page_of_type
-- The same, facts of one type only. The caller bounds the positions looked at; there is no index on what senders name.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where notification_id > %(after)s and notification_id <= %(last)s and fact_type = %(type)s
order by notification_id limit %(limit)s

-- name: page_of_customer
-- The same of one customer, where version and position run alike; with a type or without.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where originator_id = %(number)s and notification_id > %(after)s and notification_id <= %(last)s
  and (%(type)s::text is null or fact_type = %(type)s)
order by originator_version limit %(limit)s

-- name: at_position
-- The entry at one position.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries where notification_id = %(position)s

-- name: position_of
-- Where the fact of this identity stands.
select position from ledger where identity_hash = %(identity)b

-- name: of_customers
-- All entries of these customers up to a position, by customer and version.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where originator_id = any(%(numbers)b::uuid[]) and notification_id <= %(position)s
order by originator_id, originator_version

-- name: journeys
-- The publications of all journeys up to a position.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries where topic = 'rulebook-published' and notification_id <= %(position)s
order by notification_id

-- name: number_of
-- The number of the customer with this subject.
select customer from customers where subject_hash = %(subject)b

-- name: numbers
-- Customer numbers in order, after one of them: to walk over all customers page by page.
select customer from customers where customer > %(after)s order by customer limit %(limit)s

-- name: count
-- How many customers there are.
select count(*) from customers

-- name: begin_identity
-- The first start says under which master key this log is kept.
insert into log_identity (fingerprint) values (%(fingerprint)b) on conflict do nothing

-- name: identity
-- Under which master key this log was begun.
select fingerprint from log_identity
