-- name: building
-- The version that is being built, if one is.
select version from projection_versions where projection = 'journeys' and state = 'building'

-- name: live
-- The version that answers.
select version from projection_versions where projection = 'journeys' and state = 'live'

-- name: make
-- The tables of a new version, empty; who follows will fill them.
select make_journeys(coalesce((select count(*)::int from tracking join projection_versions using (projection, version)
                               where projection = 'journeys' and state = 'live'), 4))

-- name: back
-- Go on with the version that was live before, as if it were being built.
update projection_versions set state = 'building'
where projection = 'journeys' and state = 'kept'
  and not exists (select from projection_versions where projection = 'journeys' and state = 'building')
returning version

-- name: progress
-- How far the version being built is, all of it, and the end of the log.
select coalesce(min(tracking.position), 0), (select coalesce(max(position), 0) from positions)
from tracking where projection = 'journeys' and version = %(version)s

-- name: alone
-- Whether nobody else compares or switches at this moment.
select pg_try_advisory_xact_lock(8241002)

-- name: yield
-- The live version stands still from here on, so that the one being built can catch up with it.
update projection_versions set yields = true where projection = 'journeys' and state = 'live' and not yields

-- name: has_caught_up
-- Whether the version that is being built is as far as any part of the live one.
select (select min(position) from tracking where projection = 'journeys' and version = %(version)s)
       >= (select max(position) from tracking join projection_versions using (projection, version)
           where projection = 'journeys' and state = 'live')

-- name: hold_still
-- Nobody writes this version until the end of the transaction; how far its partitions are.
select partition, position, worked_until from tracking
where projection = 'journeys' and version = %(version)s
order by partition for update

-- name: sample
-- Some customers, the same ones each time as long as nobody is added: random numbers are spread evenly.
select customer from customers
where not exists (select from parked where parked.customer = customers.customer and projection = 'journeys'
                                           and version = %(version)s)
order by sha256(uuid_send(customer)) limit %(size)s

-- name: say_everything
-- All rows of a customer as text, by table: of both what is stored and what was derived a moment ago.
select 'standing', standing::text from standing where customer = any(%(customers)s)
union all select 'stays', stays::text from stays where customer = any(%(customers)s)
union all select 'sellers', sellers::text from sellers where customer = any(%(customers)s)
union all select 'trail', (to_jsonb(trail) - 'id')::text from trail where customer = any(%(customers)s)
union all select 'opportunities', (to_jsonb(opportunities) - 'id')::text from opportunities where customer = any(%(customers)s)
order by 1, 2

-- name: make_live
-- From here on it answers, if it is as far as the one before.
select make_live(%(version)s)

-- name: drop_building
-- Give it up.
select drop_building()
