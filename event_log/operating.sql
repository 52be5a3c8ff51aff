-- name: partitions
-- Every partition of every version that is live, being built or kept: how far it is, who works it, what it waits for.
select projection, version, state, paused, partition, position, worked_until,
       case when leased_until > instant_now() then holder end, waits_for
from tracking join projection_versions using (projection, version)
order by projection, version, partition

-- name: parked_of
-- How many customers each version has set aside.
select projection, version, count(*) from parked group by projection, version

-- name: ends
-- Where the log ends, and the present instant.
select coalesce(max(position), 0), instant_now() from positions

-- name: set_paused
-- Have all versions pause, or go on; how many there are.
update projection_versions set paused = %(paused)s where projection = %(projection)s

-- name: parked
-- Customers that are set aside in the live version, in order of position; those of one position stay together.
select parked.projection, parked.version, subject, customer, position, reason, parked_at, again
from parked join projection_versions using (projection, version) left join customers using (customer)
where state = 'live' and position > %(after)s
order by position fetch first %(limit)s rows with ties

-- name: try_again
-- Have the customers that are parked at a position tried again by who works them.
update parked set again = true where position = %(position)s
