-- name: head
-- Where the log ends: its last position and the hash of its leaf; no row of an empty log.
select position, leaf_hash from ledger order by position desc limit 1

-- name: leaf
-- The hash of the leaf at a position.
select leaf_hash from ledger where position = %(position)s

-- name: identity
-- Under which master key this log was begun.
select fingerprint from log_identity

-- name: lines
-- What the ledger says of the next entries.
select position, customer, version, recorded_at, leaf_hash from ledger
where position > %(after)s order by position limit %(limit)s

-- name: entries
-- The next entries themselves.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries where notification_id > %(after)s order by notification_id limit %(limit)s
