-- name: seen
-- Say that this follower lives.
insert into followers (holder, seen_at) values (%(holder)s, instant_now())
on conflict (holder) do update set seen_at = excluded.seen_at

-- name: forget_silent
-- Followers that have said nothing for long are gone; likewise those of a time that is yet to come, after a clock was set back.
delete from followers where abs(instant_now() - seen_at) > %(lease)s

-- name: held
-- What this follower holds, as far as nobody has taken it over.
select projection, version, partition, epoch,
       (select count(*) from tracking as every
        where every.projection = tracking.projection and every.version = tracking.version),
       state = 'building'
from tracking join projection_versions using (projection, version)
where holder = %(holder)s and state in ('building', 'live')
order by projection, version, partition

-- name: take
-- Take one partition whose lease has ended (or ends later than any could: a clock was set back), if this follower has fewer than its share of all of them. Whoever held it
-- before cannot write any more: the epoch is another, also after a crash that lost the one given last. A row that somebody writes at
-- this moment is not waited for.
with share as (
    select ceil(count(*)::numeric / greatest(1, (select count(*) from followers))) as partitions,
           count(*) filter (where holder = %(holder)s) as mine
    from tracking join projection_versions using (projection, version) where state in ('building', 'live')
), free as (
    select projection, version, partition from tracking join projection_versions using (projection, version)
    where state in ('building', 'live') and (holder is null or leased_until < instant_now() or leased_until > instant_now() + %(lease)s)
      and holder is distinct from %(holder)s and (select mine < partitions from share)
    order by projection, version, partition limit 1
    for update of tracking skip locked
)
update tracking set holder = %(holder)s, epoch = greatest(epoch + 1, instant_now()), leased_until = instant_now() + %(lease)s
from free
where (tracking.projection, tracking.version, tracking.partition) = (free.projection, free.version, free.partition)
returning tracking.projection

-- name: renew
-- Hold on to what is held; a row that is being written renews itself.
with mine as (
    select projection, version, partition from tracking where holder = %(holder)s for update skip locked
)
update tracking set leased_until = instant_now() + %(lease)s
from mine
where (tracking.projection, tracking.version, tracking.partition) = (mine.projection, mine.version, mine.partition)

-- name: surplus
-- Give back one partition of more than this follower's share: others live, and have less.
with share as (
    select ceil(count(*)::numeric / greatest(1, (select count(*) from followers))) as partitions,
           count(*) filter (where holder = %(holder)s) as mine
    from tracking join projection_versions using (projection, version) where state in ('building', 'live')
), given as (
    select projection, version, partition from tracking
    where holder = %(holder)s and (select mine > partitions from share)
    order by projection desc, version desc, partition desc limit 1
    for update skip locked
)
update tracking set holder = null, leased_until = 0
from given
where (tracking.projection, tracking.version, tracking.partition) = (given.projection, given.version, given.partition)

-- name: give_back
-- Everything: this follower ends.
update tracking set holder = null, leased_until = 0 where holder = %(holder)s

-- name: leave
-- This follower is gone.
delete from followers where holder = %(holder)s
