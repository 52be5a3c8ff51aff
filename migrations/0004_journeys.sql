-- The trail and the opportunities beside where everyone stands: one projection, one position. Its rows are made anew.
truncate standing, stays;
alter table stays add column staff text;
comment on column stays.staff is 'Whose customer she was then: a stay is cut where that changed.';
drop index stays_journey_stage_from_at_idx;
create index on stays (journey, stage, since desc, customer desc);
delete from parked;
delete from tracking;

-- Whose customer each is, as now known; who is nobody's has no row.
create table sellers (
    customer uuid primary key,
    staff    text not null
);
create index on sellers (staff);

-- Steps, each as some belief had it: from the change of belief at believed_from on, until the one at believed_until.
-- The fact that caused a step is named by its position: what it says stays in the log, under its customer's key.
create table trail (
    id             bigint generated always as identity primary key,
    journey        text   not null,
    customer       uuid   not null,
    at             bigint not null,
    again          int    not null,
    place          int    not null,
    kind           text   not null,
    origin         text,
    target         text,
    tag            text,
    opportunity    text,
    cause_position bigint,
    timer          text,
    rule           text,
    rulebook       int,
    believed_from  bigint not null,
    believed_until bigint
);
create index on trail (customer, journey);
comment on column trail.again is 'Which repetition of the same step within one belief, from 0 on.';
comment on column trail.place is 'Its place among the steps of that instant.';

-- When an opportunity was open, cut where its seller, its rule, or whether it was hidden changed; bitemporal as above.
-- until_at is null while it is open; ended_by says what closed it: the type of a fact, or the kind of a timer.
create table opportunities (
    id             bigint generated always as identity primary key,
    journey        text   not null,
    customer       uuid   not null,
    rule           text   not null,
    opened_at      bigint not null,
    from_at        bigint not null,
    until_at       bigint,
    ended_by       text,
    staff          text,
    rulebook       int    not null,
    hidden_until   bigint,
    believed_from  bigint not null,
    believed_until bigint
);
create index on opportunities (customer, journey);
create index on opportunities using gist (int8range(from_at, until_at));
