-- name: walk
-- Facts by customer and version, after one of them and up to a number.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where (originator_id, originator_version) > (%(number)s, %(version)s) and originator_id <= %(last)s
  and notification_id <= %(position)s and topic = 'fact'
order by originator_id, originator_version limit %(limit)s

-- name: of_customers
-- All facts of these customers up to a position.
select originator_id, originator_version, topic, state, notification_id, event_id, fact_type, occurred_at, recorded_at
from entries
where originator_id = any(%(numbers)s::uuid[]) and notification_id <= %(position)s and topic = 'fact'
order by originator_id, originator_version
