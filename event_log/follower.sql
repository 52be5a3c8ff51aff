-- name: begin
-- A projection that was never worked starts before the first entry.
insert into tracking (projection) values (%(projection)s) on conflict do nothing

-- name: lock
-- Where the projection is; one writer at a time holds the row.
select position, worked_until from tracking where projection = %(projection)s for update

-- name: advance
-- Where the projection is now.
update tracking set position = %(position)s, worked_until = %(worked_until)s where projection = %(projection)s

-- name: tracking
-- Where the projection is, read without waiting.
select position, worked_until from tracking where projection = %(projection)s

-- name: blocked
-- The customers that are parked.
select customer from parked where projection = %(projection)s

-- name: park
-- Set a customer aside.
insert into parked (projection, customer, position, reason)
values (%(projection)s, %(customer)s, %(position)s, %(reason)s) on conflict do nothing

-- name: release
-- Try the parked customers again.
delete from parked where projection = %(projection)s returning customer
