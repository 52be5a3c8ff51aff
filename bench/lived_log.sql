-- name: customers
-- Who they are.
copy customers (subject_hash, customer, subject) from stdin (format binary)

-- name: keys
-- Their keys.
copy customer_keys (customer, key_id, wrapped_key) from stdin (format binary)

-- name: entries
-- Facts as they are stored.
copy entries (originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at)
from stdin (format binary)

-- name: ledger
-- Their positions; nobody will ask for a proof of them.
copy ledger (position, customer, version, recorded_at, leaf_hash) from stdin (format binary)

-- name: analyze
-- So that the planner knows.
analyze
