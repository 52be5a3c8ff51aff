-- Projections have versions, each with its tables in a schema of its own (journeys_1, journeys_2 ...), and partitions of
-- customers, each worked by whoever holds its lease. What they hold can be made anew, and is.

drop policy own on entries;
drop policy own on ledger;
drop policy own on customers;
drop policy own on customer_keys;
drop policy own on parked;
drop table standing, stays, trail, opportunities, sellers, parked, tracking;

-- "building" is followed beside the live one; "kept" is followed no more, and may be built on and made live again.
create table projection_versions (
    projection text    not null,
    version    int     not null check (version > 0),
    state      text    not null check (state in ('building', 'live', 'kept')),
    paused     boolean not null default false,
    yields     boolean not null default false,
    made_at    bigint  not null default instant_now(),
    live_since bigint,
    primary key (projection, version)
);
comment on column projection_versions.paused is 'People said so.';
comment on column projection_versions.yields is 'It stands still until the version that is being built has caught up, and takes its place.';
create unique index one_live on projection_versions (projection) where state = 'live';
create unique index one_building on projection_versions (projection) where state = 'building';

-- How far each partition is: its rows are fold(known = position, T = worked_until). Whoever writes them must have the epoch
-- that stands here: a lease that was taken over in the meantime has another. waits_for is the kind of error it met last.
create table tracking (
    projection   text   not null,
    version      int    not null,
    partition    int    not null,
    position     bigint not null default 0,
    worked_until bigint not null default 0,
    epoch        bigint not null default 0,
    holder       uuid,
    leased_until bigint not null default 0,
    waits_for    text,
    primary key (projection, version, partition),
    foreign key (projection, version) references projection_versions on delete cascade
);

-- Who follows: each asks for its share of the partitions.
create table followers (
    holder  uuid   primary key,
    seen_at bigint not null
);

-- Customers whose facts a projection could not apply, and why; each blocks itself and nobody else.
create table parked (
    projection text    not null,
    version    int     not null,
    customer   uuid    not null,
    position   bigint  not null,
    reason     text    not null,
    parked_at  bigint  not null default instant_now(),
    again      boolean not null default false,
    primary key (projection, version, customer),
    foreign key (projection, version) references projection_versions on delete cascade
);
comment on column parked.position is 'Of the last entry of this customer that was to be applied.';
comment on column parked.again is 'To be tried again by the next who works its partition.';

-- Customer numbers are random, so their first byte parts them evenly.
create function partition_of(customer uuid, partitions int) returns int language sql immutable parallel safe
    return get_byte(uuid_send(customer), 0) % partitions;

-- The schemas of the live versions, as a search path has them.
create function live_versions() returns text language sql stable as $$
    select coalesce(string_agg(format('%I', projection || '_' || version), ', ' order by projection), 'public')
    from public.projection_versions where state = 'live'
$$;

-- The tables of one version of the projection "journeys", empty, and its partitions at position 0. The caller needs no right to
-- make tables.
create function make_journeys(partitions int) returns int language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    made constant int := (select coalesce(max(version), 0) + 1 from projection_versions where projection = 'journeys');
    home constant text := 'journeys_' || made;
    has_app constant boolean := exists (select from pg_roles where rolname = 'trailbook_app');
    has_seller constant boolean := exists (select from pg_roles where rolname = 'trailbook_seller');
    held text;
begin
    insert into projection_versions (projection, version, state) values ('journeys', made, 'building');
    insert into tracking (projection, version, partition) select 'journeys', made, generate_series(0, partitions - 1);
    execute format('create schema %I', home);
    perform set_config('search_path', home || ', public, pg_temp', true);

    -- How far these rows are; partitions may be further than the lowest of them.
    execute format($view$
        create view progress with (security_invoker = true) as
        select min(position) as position, max(position) as furthest, min(worked_until) as worked_until
        from public.tracking where projection = 'journeys' and version = %s $view$, made);

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
    create index on standing (customer);
    create index on standing (journey, stage, since desc, customer);
    create index on standing (next_due) where next_due is not null;

    -- When each customer was in which stage, as now known: from from_at on, until until_at (null: still); cut where her seller
    -- changed.
    create table stays (
        journey  text   not null,
        customer uuid   not null,
        from_at  bigint not null,
        until_at bigint,
        stage    text   not null,
        since    bigint not null,
        cause    jsonb  not null,
        staff    text,
        primary key (journey, customer, from_at)
    );
    create index on stays (journey, stage, since desc, customer desc);
    create index on stays (customer);

    -- Whose customer each is, as now known; who is nobody's has no row.
    create table sellers (
        customer uuid primary key,
        staff    text not null
    );
    create index on sellers (staff);

    -- Steps, each as some belief had it: from the change of belief at believed_from on, until the one at believed_until.
    -- The fact that caused a step is named by its position: what it says stays in the log, under its customer's key.
    -- again: which repetition of the same step within one belief; place: its place among the steps of that instant.
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

    -- Folds in progress, sealed under the customer's key: the newest, from which a follower goes on, and before it some that
    -- answer for earlier instants. A fact that occurred after "after" continues it; "version" is the customer's last entry in it.
    create table kept (
        customer uuid   not null,
        after    bigint not null,
        version  bigint not null,
        newest   boolean not null,
        box      bytea  not null,
        primary key (customer, after)
    );
    alter table kept alter column box set storage external;

    if has_app then
        execute format('grant usage on schema %I to trailbook_app', home);
        execute format('grant select, insert, update, delete, truncate on all tables in schema %I to trailbook_app', home);
        execute format('revoke insert, update, delete, truncate on progress from trailbook_app');
        execute format('grant usage, select on all sequences in schema %I to trailbook_app', home);
    end if;
    if has_seller then
        execute format('grant usage on schema %I to trailbook_seller', home);
        grant select on progress to trailbook_seller;
    end if;
    foreach held in array array['standing', 'stays', 'trail', 'opportunities', 'kept', 'sellers'] loop
        execute format('alter table %I enable row level security', held);
        if has_app then
            execute format('create policy service on %I to trailbook_app using (true) with check (true)', held);
        end if;
        if has_seller then
            execute format('grant select on %I to trailbook_seller', held);
        end if;
        if has_seller and held <> 'sellers' then
            execute format('create policy own on %1$I for select to trailbook_seller
                            using (exists (select from sellers where sellers.customer = %1$I.customer))', held);
        end if;
    end loop;
    if has_seller then
        -- In a subquery, so that it is evaluated once a statement. Where no name is set, nobody is theirs.
        create policy own on sellers for select to trailbook_seller
            using (staff = (select current_setting('trailbook.staff', true)));
    end if;
    return made;
end $$;

-- From here on questions are answered from this version, if it is as far as the one before; that one is kept, and what was kept
-- before it is dropped. Returns whether it was done.
create function make_live(made int) returns boolean language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    former int := (select version from projection_versions where projection = 'journeys' and state = 'live');
    old int;
begin
    perform from tracking where projection = 'journeys' and version in (made, former) order by version, partition for update;
    if former is not null
       and (select min(position) from tracking where projection = 'journeys' and version = made)
           < (select max(position) from tracking where projection = 'journeys' and version = former) then
        return false;
    end if;
    update projection_versions set state = 'kept', yields = false where projection = 'journeys' and state = 'live';
    update projection_versions set state = 'live', live_since = instant_now() where projection = 'journeys' and version = made;
    execute format('create or replace view live_sellers with (security_invoker = true) as
                    select customer, staff from %I.sellers', 'journeys_' || made);
    for old in select version from projection_versions
               where projection = 'journeys' and state = 'kept' and version <> former
    loop
        execute format('drop schema %I cascade', 'journeys_' || old);
        delete from projection_versions where projection = 'journeys' and version = old;
    end loop;
    return true;
end $$;

-- Give up a version that is being built.
create function drop_building() returns void language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    made int := (select version from projection_versions where projection = 'journeys' and state = 'building');
begin
    if made is not null then
        delete from projection_versions where projection = 'journeys' and version = made;
        execute format('drop schema %I cascade', 'journeys_' || made);
        update projection_versions set yields = false where projection = 'journeys';
    end if;
end $$;

do $$
declare
    held record;
begin
    alter table parked enable row level security;
    if exists (select from pg_roles where rolname = 'trailbook_app') then
        create policy service on parked to trailbook_app using (true) with check (true);
        revoke execute on function make_journeys, make_live, drop_building from public;
        grant execute on function make_journeys, make_live, drop_building to trailbook_app;
    end if;
    if exists (select from pg_roles where rolname = 'trailbook_seller') then
        grant select on parked, tracking, projection_versions to trailbook_seller;
    end if;
    perform make_live(make_journeys(4));
    if exists (select from pg_roles where rolname = 'trailbook_seller') then
        grant select on live_sellers to trailbook_seller;
        for held in select * from (values ('entries', 'originator_id'), ('ledger', 'customer'), ('customers', 'customer'),
                                          ('customer_keys', 'customer'), ('parked', 'customer')) as tables (name, customer)
        loop
            execute format('create policy own on %1$I for select to trailbook_seller
                            using (exists (select from live_sellers where live_sellers.customer = %1$I.%2$I))',
                           held.name, held.customer);
        end loop;
    end if;
end $$;
