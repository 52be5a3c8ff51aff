-- name: page
-- Backtests behind a place in the list, the newest first, without their reports.
select number, id, journey, state, asked_by, asked_at, started_at, ended_at, asked, document, progress, failure, headline, null
from backtests
where number < %(before)s and (%(journey)s::text is null or journey = %(journey)s)
order by number desc limit %(limit)s

-- name: one
-- A backtest with its report.
select number, id, journey, state, asked_by, asked_at, started_at, ended_at, asked, document, progress, failure, headline, report
from backtests where id = %(id)s

-- name: under_key
-- What was asked under an Idempotency-Key.
select id, fingerprint from backtests where key = %(key)s

-- name: in_turn
-- Whoever asks does so one after the other, so that the queue is no longer than it may be.
select pg_advisory_xact_lock(8241004)

-- name: waiting
-- How many wait.
select count(*) from backtests where state = 'queued'

-- name: ask
-- It waits for whoever runs it.
insert into backtests (id, journey, asked, document, asked_by, key, fingerprint)
values (%(id)s, %(journey)s, %(asked)s, %(document)s, %(by)s, %(key)s, %(fingerprint)s)

-- name: keep
-- One that was run where it was asked for.
insert into backtests (id, journey, asked, document, asked_by, fingerprint, state, started_at, ended_at, headline, report)
values (%(id)s, %(journey)s, %(asked)s, %(document)s, %(by)s, %(fingerprint)s, 'done', %(started_at)s, instant_now(),
        %(headline)s, %(report)s)

-- name: cancel
-- It is not run any more; who runs it hears of it with the next word.
update backtests set state = 'cancelled', runner = null, ended_at = instant_now(), progress = null
where id = %(id)s and state in ('queued', 'running')

-- name: remove
-- One that ended, with all that came of it.
delete from backtests where id = %(id)s and state in ('done', 'failed', 'cancelled')

-- name: take
-- The next that waits is run by this runner from now on.
update backtests
set state = 'running', runner = %(runner)s, beat_at = instant_now(), tries = tries + 1, started_at = instant_now()
where id = (select id from backtests where state = 'queued' order by number limit 1 for update skip locked)
returning id

-- name: beat
-- The runner lives.
update backtests set beat_at = instant_now() where id = %(id)s and runner = %(runner)s

-- name: say
-- How far it is.
update backtests set progress = %(progress)s, beat_at = instant_now() where id = %(id)s and runner = %(runner)s

-- name: finish
-- It is done.
update backtests
set state = 'done', runner = null, ended_at = instant_now(), progress = null, headline = %(headline)s, report = %(report)s
where id = %(id)s and runner = %(runner)s

-- name: add_differing
-- Some of the customers who differ, from a place in the list on.
insert into backtest_differing (backtest, first, rows) values (%(id)s, %(first)s, %(rows)s)

-- name: fail
-- It cannot be done, and why.
update backtests
set state = 'failed', runner = null, ended_at = instant_now(), progress = null, failure = %(failure)s
where id = %(id)s and runner = %(runner)s

-- name: give_back
-- The runner was told to stop; another goes on, and the try does not count.
update backtests set state = 'queued', runner = null, progress = null, tries = tries - 1
where id = %(id)s and runner = %(runner)s

-- name: give_up
-- The runner died, or was not heard of for so long (null: whatever was heard): it is run once more, and then no more.
update backtests
set state = case when tries < %(tries)s then 'queued' else 'failed' end,
    runner = null, progress = null,
    ended_at = case when tries < %(tries)s then null else instant_now() end,
    failure = case when tries < %(tries)s then null else %(failure)s end
where state = 'running' and (runner = %(runner)s or beat_at < instant_now() - %(silence)s::bigint)

-- name: forget_old
-- Only the newest that ended are kept.
delete from backtests where id in (
    select id from backtests where state in ('done', 'failed', 'cancelled') order by number desc offset %(kept)s)

-- name: differing
-- The parts of the list of who differs, from the one on that holds a place.
select first, rows from backtest_differing
where backtest = %(id)s
  and first >= (select coalesce(max(first), 0) from backtest_differing where backtest = %(id)s and first <= %(place)s)
order by first
