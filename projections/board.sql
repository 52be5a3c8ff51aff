-- name: one_snapshot
-- What follows in this transaction sees the rows of one moment, whatever a follower commits meanwhile.
set transaction isolation level repeatable read, read only

-- name: tracking
-- How far the rows are.
select position, worked_until from tracking where projection = 'journeys'

-- name: changed_since
-- The customers of whom more is known than at a position: everybody, where a rulebook was published since. Whoever is
-- parked has no rows, and no fold either.
select customer from ledger where position > %(position)s and position <= %(worked)s and identity_hash is not null
union
select customer from customers where exists (
    select from entries
    where topic = 'rulebook-published' and notification_id > %(position)s and notification_id <= %(worked)s)
except
select customer from parked where projection = 'journeys'

-- name: due_by
-- The customers whom the passing of time may move until an instant ahead.
select distinct customer from standing where journey = %(journey)s and next_due <= %(as_of)s

-- name: counts
-- How many stood in each stage at an instant, without those who are folded anew.
select stage, count(*) from stays
where journey = %(journey)s and from_at <= %(as_of)s and (until_at is null or until_at > %(as_of)s)
  and not customer = any(%(apart)s) and (%(staff)s::text is null or customer in (
      select customer from standing where journey = %(journey)s and staff = %(staff)s))
group by stage

-- name: cards
-- Who stood in a stage at an instant, the last to come first; tags are those of now.
select subject, stays.since, cause, standing.tags, standing.staff, stays.customer
from stays
join customers using (customer)
join standing using (journey, customer)
where journey = %(journey)s and stays.stage = %(stage)s
  and from_at <= %(as_of)s and (until_at is null or until_at > %(as_of)s)
  and not stays.customer = any(%(apart)s) and (%(staff)s::text is null or standing.staff = %(staff)s)
  and (stays.since, stays.customer) < (%(before)s, %(customer)s)
order by stays.since desc, stays.customer desc
limit %(limit)s

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
