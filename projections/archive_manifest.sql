-- name: try_alone
-- Whether nobody else keeps the archive; held by the session, so that a process that dies gives it back.
select pg_try_advisory_lock(8241003)

-- name: leave
-- Others may keep it.
select pg_advisory_unlock(8241003)

-- name: present
-- The archive, if there is one.
select generation, form, splits, position, leaf_hash, recorded_at, kept_at, checked_at, checked_position from archive

-- name: segments
-- The segments it is made of, in the order in which they lie.
select name, split, place, facts, customers, first_position, last_position, facts_bytes, facts_digest, sealed_bytes,
       sealed_digest
from archive_segments where retired_at is null order by split, place

-- name: add
-- A segment.
insert into archive_segments (name, generation, split, place, facts, customers, first_position, last_position, facts_bytes,
                              facts_digest, sealed_bytes, sealed_digest)
values (%(name)s, %(generation)s, %(split)s, %(place)s, %(facts)s, %(customers)s, %(first_position)s, %(last_position)s,
        %(facts_bytes)s, %(facts_digest)s, %(sealed_bytes)s, %(sealed_digest)s)

-- name: retire
-- These segments are of it no more; each was until now.
update archive_segments set retired_at = instant_now() where name = any(%(names)s) and retired_at is null

-- name: retire_all
-- All that there are.
update archive_segments set retired_at = instant_now() where retired_at is null

-- name: advance
-- How far it is now, if it is where it was read.
update archive set position = %(position)s, leaf_hash = %(leaf_hash)s, recorded_at = %(recorded_at)s, kept_at = instant_now()
where generation = %(generation)s and position = %(before)s

-- name: looked_at
-- It was kept, and nothing was new.
update archive set kept_at = instant_now() where generation = %(generation)s

-- name: begin
-- A new generation in the place of the one before.
insert into archive (generation, form, splits, position, leaf_hash, recorded_at)
values (1, %(form)s, %(splits)s, %(position)s, %(leaf_hash)s, %(recorded_at)s)
on conflict (only_one) do update
set generation = archive.generation + 1, form = excluded.form, splits = excluded.splits, position = excluded.position,
    leaf_hash = excluded.leaf_hash, recorded_at = excluded.recorded_at, kept_at = instant_now(), checked_at = null,
    checked_position = null
returning generation

-- name: behind
-- How many positions it is behind the log (ahead of one that went back: below 0), and since when it was not looked at.
select coalesce((select max(position) from positions), 0) - coalesce((select position from archive), 0),
       (select kept_at from archive), instant_now()

-- name: checked
-- It said what the log says up to a position.
update archive set checked_at = instant_now(), checked_position = %(position)s where generation = %(generation)s

-- name: standing_at
-- What the log says of a position: the hash of its leaf, and when it was recorded.
select leaf_hash, recorded_at from ledger where position = %(position)s

-- name: head
-- Where the log ends; no row of an empty one.
select position, leaf_hash, recorded_at from ledger order by position desc limit 1

-- name: outlived
-- Segments that were retired before any reader of today began.
select name from archive_segments where retired_at < instant_now() - %(age)s

-- name: forget
-- Their files are gone.
delete from archive_segments where name = any(%(names)s)

-- name: known
-- All names there are, of files that nobody reads any more too.
select name from archive_segments

-- name: now
-- The database's clock.
select instant_now()

-- name: sums
-- Of some positions of the log: by split, how many facts there are, and the sum of the first eight bytes of their leaves' hashes.
select (get_byte(uuid_send(customer), 0) * 256 + get_byte(uuid_send(customer), 1)) * %(splits)s / 65536,
       count(*), sum(('x' || encode(substring(leaf_hash from 1 for 8), 'hex'))::bit(64)::bigint)
from ledger where position > %(after)s and position <= %(until)s and identity_hash is not null
group by 1
