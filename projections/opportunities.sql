-- name: kept
-- The spells that are still believed of these customers.
select journey, customer, id, believed_from, rule, opened_at, from_at, until_at, ended_by, staff, rulebook, hidden_until
from opportunities join unnest(%(journeys)s::text[], %(customers)s::uuid[]) as asked (journey, customer) using (journey, customer)
where believed_until is null

-- name: add
-- Spells, each as some belief had it.
insert into opportunities (journey, customer, rule, opened_at, from_at, until_at, ended_by, staff, rulebook, hidden_until,
                           believed_from, believed_until)
select * from json_to_recordset(%(rows)s::json) as row (
    journey text, customer uuid, rule text, opened_at bigint, from_at bigint, until_at bigint, ended_by text, staff text,
    rulebook int, hidden_until bigint, believed_from bigint, believed_until bigint
)

-- name: end
-- Spells that a later belief lacks.
update opportunities set believed_until = given_up.at
from unnest(%(ids)s::bigint[], %(instants)s::bigint[]) as given_up (id, at) where opportunities.id = given_up.id

-- name: drop
-- Spells that were still open when this was last worked.
delete from opportunities where id = any(%(ids)s)

-- name: forget
-- All of these customers.
delete from opportunities where customer = any(%(customers)s)

-- name: tracking
-- How far the rows are.
select position, worked_until from progress

-- name: due_by
-- The customers whom the passing of time may change until an instant ahead.
select distinct customer from standing where journey = %(journey)s and next_due <= %(upto)s

-- name: everybody
-- All who have rows.
select distinct customer from standing where journey = %(journey)s

-- name: of_day
-- The spells of a day as one belief has them, without those who are folded anew; of a seller all spells of whom was theirs
-- at some time of the day.
with spells as materialized (
    select * from opportunities
    where journey = %(journey)s and int8range(from_at, until_at) && int8range(%(start)s, %(upto)s, '[]')
      and believed_from <= %(known_at)s and (believed_until is null or believed_until > %(known_at)s)
      and not customer = any(%(apart)s)
)
select customer, subject, rule, opened_at, from_at, until_at, ended_by, staff, rulebook, hidden_until
from spells join customers using (customer)
where %(staff)s::text is null or customer in (select customer from spells where staff = %(staff)s)
