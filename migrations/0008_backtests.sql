-- Backtests that were asked for, and what came of them. Nothing that answers for a customer reads these tables, and a
-- backtest writes no others.

-- asked is as the service answers it, document the candidate as it was sent. Whoever runs it does so under a number of its
-- own, the runner, and says every few seconds that it lives: one whose row has another runner, or none, writes no more.
create table backtests (
    number     bigint generated always as identity unique,
    id         uuid    primary key,
    journey    text    not null,
    asked      json    not null,
    document   text    not null,
    asked_by   text    not null,
    asked_at   bigint  not null default instant_now(),
    key        text    unique,
    fingerprint bytea not null,
    state      text    not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
    tries      int     not null default 0,
    runner     uuid,
    beat_at    bigint,
    progress   json,
    started_at bigint,
    ended_at   bigint,
    failure    text,
    headline   json,
    report     json,
    check ((report is not null) = (state = 'done')),
    check ((runner is not null) = (state = 'running')),
    check ((ended_at is not null) = (state in ('done', 'failed', 'cancelled')))
);
comment on column backtests.key is 'The Idempotency-Key it was asked under; fingerprint is the hash of what was asked.';
comment on column backtests.headline is 'The main figures of the report, for lists.';
comment on column backtests.report is 'json, not jsonb: it is read as it was written.';
create index on backtests (state, number);

-- The customers who differ, in order, some thousand rows at a time as an Arrow IPC stream. They are named by their numbers in
-- the log and the causes by positions, so that nothing here outlives a customer's key.
create table backtest_differing (
    backtest uuid   not null references backtests on delete cascade,
    first    bigint not null,
    rows     bytea  not null,
    primary key (backtest, first)
);
alter table backtest_differing alter column rows set storage external;
