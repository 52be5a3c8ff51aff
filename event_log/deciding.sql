-- name: clock
-- The present instant, not before anything that is recorded: a clock may be set back.
select greatest(instant_now(), (select recorded_at + 1 from ledger order by position desc limit 1))

-- name: newest_publication
-- The position of the last publication of any rulebook, 0 where there is none.
select coalesce(max(notification_id), 0) from entries where topic = 'rulebook-published'
