-- How far each projection is: rows are fold(known = position, T = worked_until).
create table tracking (
    projection   text   primary key,
    position     bigint not null default 0,
    worked_until bigint not null default 0
);

-- Customers whose facts a projection could not apply, and why; each blocks itself and nobody else.
create table parked (
    projection text   not null,
    customer   uuid   not null,
    position   bigint not null,
    reason     text   not null,
    parked_at  bigint not null default instant_now(),
    primary key (projection, customer)
);

-- Where everyone stands now. stage is null off the journey; next_due is the next instant at which that may change.
create table standing (
    journey  text   not null,
    customer uuid   not null,
    stage    text,
    since    bigint,
    staff    text,
    tags     text[] not null,
    next_due bigint,
    primary key (journey, customer)
);
create index on standing (journey, stage, since desc, customer);
create index on standing (next_due) where next_due is not null;

-- When each customer was in which stage, as now known: from "from_at" on, until "until_at" (null: still).
create table stays (
    journey  text   not null,
    customer uuid   not null,
    from_at  bigint not null,
    until_at bigint,
    stage    text   not null,
    since    bigint not null,
    cause    jsonb  not null,
    primary key (journey, customer, from_at)
);
create index on stays (journey, stage, from_at);
