-- name: due
-- Whom the passing of time may have changed.
select distinct customer from standing where next_due <= %(until)s

-- name: forget_standing
-- All of these customers.
delete from standing where customer = any(%(customers)s)

-- name: forget_stays
-- All of these customers.
delete from stays where customer = any(%(customers)s)

-- name: forget_sellers
-- All of these customers.
delete from sellers where customer = any(%(customers)s)

-- name: drop_stays
-- Rows that are about to be written anew.
delete from stays using unnest(%(journeys)s::text[], %(customers)s::uuid[]) as anew (journey, customer)
where stays.journey = anew.journey and stays.customer = anew.customer

-- name: put_standing
-- Where customers stand.
insert into standing (journey, customer, stage, since, staff, tags, next_due)
select * from json_to_recordset(%(rows)s::json) as row (
    journey text, customer uuid, stage text, since bigint, staff text, tags text[], next_due bigint
)
on conflict (journey, customer) do update
set (stage, since, staff, tags, next_due) = (excluded.stage, excluded.since, excluded.staff, excluded.tags, excluded.next_due)

-- name: add_stays
-- When customers were where.
insert into stays (journey, customer, from_at, until_at, stage, since, cause, staff)
select * from json_to_recordset(%(rows)s::json) as row (
    journey text, customer uuid, from_at bigint, until_at bigint, stage text, since bigint, cause jsonb,
    staff text
)

-- name: add_sellers
-- Whose customers they are.
insert into sellers (customer, staff)
select * from json_to_recordset(%(rows)s::json) as row (customer uuid, staff text)

-- name: beat
-- A sign of life.
select 1
