-- name: lock
-- Where the partition is, for who holds this epoch of it; nobody else writes until the end of the transaction. No row: the
-- lease was taken over. Null instead of a position: this version was told to stand still.
select case when not (versions.paused or versions.yields) then tracking.position end, tracking.worked_until
from tracking join projection_versions as versions using (projection, version)
where projection = %(projection)s and version = %(version)s and partition = %(partition)s and epoch = %(epoch)s
for update of tracking

-- name: advance
-- Where the partition is now; the lease goes on from here.
update tracking set position = %(position)s, worked_until = %(worked_until)s, waits_for = null,
                    leased_until = instant_now() + %(lease)s
where projection = %(projection)s and version = %(version)s and partition = %(partition)s

-- name: waits
-- What the partition waits for: the kind of the last error.
update tracking set waits_for = %(reason)s
where projection = %(projection)s and version = %(version)s and partition = %(partition)s and epoch = %(epoch)s

-- name: blocked
-- The customers that are parked.
select customer from parked where projection = %(projection)s and version = %(version)s

-- name: park
-- Set a customer aside.
insert into parked (projection, version, customer, position, reason)
values (%(projection)s, %(version)s, %(customer)s, %(position)s, %(reason)s)
on conflict (projection, version, customer) do update set position = excluded.position, reason = excluded.reason

-- name: release
-- The customers of this partition that are to be tried again.
delete from parked
where projection = %(projection)s and version = %(version)s and again and partition_of(customer, %(partitions)s) = %(partition)s
returning customer
