-- name: tracking
-- How far the rows are: all of them, and the furthest.
select position, worked_until, furthest from progress

-- name: changed_since
-- The customers of whom more is known than at a position: everybody, where a rulebook was published since. Whoever is
-- parked has no rows, and no fold either.
select customer from ledger where position > %(position)s and position <= %(worked)s and identity_hash is not null
union
select customer from customers where exists (
    select from entries
    where topic = 'rulebook-published' and notification_id > %(position)s and notification_id <= %(worked)s)
except
select customer from parked join projection_versions using (projection, version)
where projection = 'journeys' and state = 'live'

-- name: due_by
-- The customers whom the passing of time may move until an instant ahead.
select distinct customer from standing where journey = %(journey)s and next_due <= %(as_of)s

-- name: counts
-- How many stood in each stage at an instant, without those who are folded anew.
select stage, count(*) from stays
where journey = %(journey)s and from_at <= %(as_of)s and (until_at is null or until_at > %(as_of)s)
  and not customer = any(%(apart)s) and (%(staff)s::text is null or staff = %(staff)s)
group by stage

-- name: cards
-- Who stood in a stage at an instant, the last to come first, each with the tags and the seller of that instant.
with shown as (
    select customer, since, cause, staff from stays
    where journey = %(journey)s and stage = %(stage)s and since <= %(as_of)s
      and from_at <= %(as_of)s and (until_at is null or until_at > %(as_of)s)
      and not customer = any(%(apart)s) and (%(staff)s::text is null or staff = %(staff)s)
      and (since, customer) < (%(before)s, %(customer)s)
    order by since desc, customer desc
    limit %(limit)s
)
select subject, since, cause, array(
           select tag from (
               select distinct on (tag) tag, kind from trail
               where trail.journey = %(journey)s and trail.customer = shown.customer and at <= %(as_of)s
                 and believed_until is null and kind in ('tag_added', 'tag_removed')
               order by tag, at desc, place desc) as last
           where kind = 'tag_added' order by tag collate "C"), staff, customer
from shown join customers using (customer)
order by since desc, customer desc

-- name: stages_of
-- In which stage each of these customers stood at an instant.
select customer, stage from stays
where journey = %(journey)s and customer = any(%(customers)s)
  and from_at <= %(as_of)s and (until_at is null or until_at > %(as_of)s)

-- name: customers
-- Customers in order of their number, each with where they stand; every filter is optional.
select customers.customer, customers.subject,
       json_agg(json_build_object('journey', standing.journey, 'stage', standing.stage, 'since', standing.since,
                                  'tags', standing.tags, 'staff', standing.staff) order by standing.journey)
           filter (where standing.journey is not null)
from customers
left join standing on standing.customer = customers.customer
where customers.customer > %(after)s
  and (%(q)s::text is null or strpos(lower(customers.subject), lower(%(q)s)) > 0)
  and (not %(filtered)s or exists (
      select from standing as wanted
      where wanted.customer = customers.customer
        and (%(journey)s::text is null or wanted.journey = %(journey)s)
        and (%(stage)s::text is null or wanted.stage = %(stage)s)
        and (%(tag)s::text is null or %(tag)s = any(wanted.tags))
        and (%(staff)s::text is null or wanted.staff = %(staff)s)))
group by customers.customer, customers.subject
order by customers.customer
limit %(limit)s
