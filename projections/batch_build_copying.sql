-- Copying is not for tables with row level security: rows are copied into tables of the transaction, and taken from there.

-- name: room_for_standing
-- Where customers stand.
create temp table filled_standing on commit drop as
select journey, customer, stage, since, staff, tags, next_due from standing with no data

-- name: copy_standing
-- As the columns stand above.
copy filled_standing from stdin (format csv)

-- name: take_standing
-- All that was copied.
insert into standing (journey, customer, stage, since, staff, tags, next_due) select * from filled_standing

-- name: empty_standing
-- For what comes next.
truncate filled_standing

-- name: room_for_stays
-- When customers were where.
create temp table filled_stays on commit drop as
select journey, customer, from_at, until_at, stage, since, cause, staff from stays with no data

-- name: copy_stays
-- As the columns stand above.
copy filled_stays from stdin (format csv)

-- name: take_stays
-- All that was copied.
insert into stays (journey, customer, from_at, until_at, stage, since, cause, staff) select * from filled_stays

-- name: empty_stays
-- For what comes next.
truncate filled_stays

-- name: room_for_trail
-- Steps, each as some belief had it.
create temp table filled_trail on commit drop as
select journey, customer, at, again, place, kind, origin, target, tag, opportunity, cause_position, timer, rule, rulebook,
       believed_from, believed_until
from trail with no data

-- name: copy_trail
-- As the columns stand above.
copy filled_trail from stdin (format csv)

-- name: take_trail
-- All that was copied.
insert into trail (journey, customer, at, again, place, kind, origin, target, tag, opportunity, cause_position, timer, rule,
                   rulebook, believed_from, believed_until)
select * from filled_trail

-- name: empty_trail
-- For what comes next.
truncate filled_trail

-- name: room_for_opportunities
-- Spells, each as some belief had it.
create temp table filled_opportunities on commit drop as
select journey, customer, rule, opened_at, from_at, until_at, ended_by, staff, rulebook, hidden_until,
       believed_from, believed_until
from opportunities with no data

-- name: copy_opportunities
-- As the columns stand above.
copy filled_opportunities from stdin (format csv)

-- name: take_opportunities
-- All that was copied.
insert into opportunities (journey, customer, rule, opened_at, from_at, until_at, ended_by, staff, rulebook, hidden_until,
                           believed_from, believed_until)
select * from filled_opportunities

-- name: empty_opportunities
-- For what comes next.
truncate filled_opportunities

-- name: room_for_sellers
-- Whose customers they are.
create temp table filled_sellers on commit drop as select customer, staff from sellers with no data

-- name: copy_sellers
-- As the columns stand above.
copy filled_sellers from stdin (format csv)

-- name: take_sellers
-- All that was copied.
insert into sellers (customer, staff) select * from filled_sellers

-- name: empty_sellers
-- For what comes next.
truncate filled_sellers

-- name: beat
-- A sign of life.
select 1
