-- name: due
-- Whose standing may change by the passing of time.
select distinct customer from standing where next_due <= %(until)s

-- name: forget_standing
-- The rows that are about to be written anew.
delete from standing where customer = any(%(customers)s)

-- name: forget_stays
-- The rows that are about to be written anew.
delete from stays where customer = any(%(customers)s)

-- name: copy_standing
-- New rows of where customers stand.
copy standing (journey, customer, stage, since, staff, tags, next_due) from stdin

-- name: copy_stays
-- New rows of when customers were where.
copy stays (journey, customer, from_at, until_at, stage, since, cause) from stdin
