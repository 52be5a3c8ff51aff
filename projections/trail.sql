-- name: kept
-- The steps that are still believed of these customers.
select journey, customer, id, believed_from,
       at, again, place, kind, origin, target, tag, opportunity, cause_position, timer, rule, rulebook
from trail join unnest(%(journeys)s::text[], %(customers)s::uuid[]) as asked (journey, customer) using (journey, customer)
where believed_until is null

-- name: add
-- Steps, each as some belief had it.
insert into trail (journey, customer, at, again, place, kind, origin, target, tag, opportunity, cause_position, timer, rule,
                   rulebook, believed_from, believed_until)
select * from json_to_recordset(%(rows)s::json) as row (
    journey text, customer uuid, at bigint, again int, place int, kind text, origin text, target text, tag text,
    opportunity text, cause_position bigint, timer text, rule text, rulebook int,
    believed_from bigint, believed_until bigint
)

-- name: end
-- Steps that a later belief lacks, or has another cause for.
update trail set believed_until = given_up.at
from unnest(%(ids)s::bigint[], %(instants)s::bigint[]) as given_up (id, at) where trail.id = given_up.id

-- name: drop
-- Steps that no belief had after all.
delete from trail where id = any(%(ids)s)

-- name: forget
-- All of these customers.
delete from trail where customer = any(%(customers)s)

-- name: covers
-- Whether the rows say all that was believed of a customer up to an instant: nothing of hers, no rulebook and no due time
-- lies between them and it. Whoever is parked has no row here.
select standing.next_due is null or standing.next_due > %(known_at)s
from standing cross join progress
where standing.journey = %(journey)s and standing.customer = %(customer)s
  and not exists (select from entries
                  where originator_id = %(customer)s and notification_id > progress.position
                    and recorded_at <= %(known_at)s)
  and not exists (select from entries
                  where topic = 'rulebook-published' and notification_id > progress.position
                    and recorded_at <= %(known_at)s)

-- name: believed
-- Every step at or before an instant that any belief up to another had, in the order in which they were believed.
select believed_from, believed_until,
       at, again, place, kind, origin, target, tag, opportunity, cause_position, timer, rule, rulebook
from trail
where journey = %(journey)s and customer = %(customer)s and at <= %(as_of)s and believed_from <= %(known_at)s
order by believed_from, at, place
