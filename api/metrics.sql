-- name: due
-- How many customers' rows on a journey have become old by the mere passing of time and wait to be worked.
select count(*) from standing where next_due <= instant_now()
