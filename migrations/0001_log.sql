-- The log, its ledger, and what may be deleted beside it (design.md, section 4).
-- Instants are bigint microseconds since 1970 UTC, as everywhere in the code: no session's time zone can change one.

-- The only clock of the log; the log itself never takes a time from a sender.
create function instant_now() returns bigint language sql volatile parallel safe
    return (extract(epoch from clock_timestamp()) * 1000000)::bigint;

-- One row per entry. The first four columns and notification_id (the position) bear the names of the library.
-- An entry that is no fact (a publication) has fact_type '' and occurred_at = recorded_at.
create table entries (
    originator_id      uuid   not null,
    originator_version bigint not null check (originator_version > 0),
    topic              text   not null,
    state              bytea  not null,
    notification_id    bigint not null check (notification_id > 0),
    event_id           uuid   not null,
    fact_type          text   not null,
    occurred_at        bigint not null,
    recorded_at        bigint not null,
    primary key (originator_id, originator_version)
) partition by hash (originator_id);

create index on entries (notification_id);
create index on entries (notification_id) where topic = 'rulebook-published';

-- Positions without holes, in order of commit. It is the fence: a writer that skipped the writers' lock takes a position
-- twice and cannot commit.
create table ledger (
    position      bigint primary key check (position > 0),
    customer      uuid   not null,
    version       bigint not null,
    recorded_at   bigint not null,
    leaf_hash     bytea  not null,
    identity_hash bytea  unique,
    content_hash  bytea
);
comment on column ledger.identity_hash is 'Keyed hash of (source, id); absent for what is no fact.';
comment on column ledger.content_hash is 'Keyed by the customer''s key: tells a repeated delivery from a conflict.';

create index on ledger (recorded_at, position);

-- Who a customer number is: deletable, and indexed by a keyed hash because a subject may be longer than an index allows.
create table customers (
    subject_hash bytea primary key,
    customer     uuid  not null unique,
    subject      text  not null
);

-- A customer's data key, wrapped by the master key. To erase a customer is to delete this row.
create table customer_keys (
    customer    uuid primary key,
    key_id      uuid  not null,
    wrapped_key bytea not null
);

-- Under which master key this log was begun.
create table log_identity (
    only_one    boolean primary key default true check (only_one),
    fingerprint bytea not null
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise restrict_violation using message = format('The log is kept for ever: %s of %s is refused.', tg_op, tg_table_name);
end $$;

do $$
declare
    kept text;
begin
    for remainder in 0..7 loop
        execute format('create table entries_%1$s partition of entries for values with (modulus 8, remainder %1$s)', remainder);
    end loop;
    -- A statement trigger of the parent does not fire for a statement that names a partition.
    for kept in select relid::regclass from pg_partition_tree('entries') union all select 'ledger' loop
        execute format('create trigger kept before update or delete or truncate on %s execute function refuse_change()', kept);
        execute format('alter table %s enable always trigger kept', kept);
    end loop;
end $$;

-- The role the service works as. Roles belong to the whole cluster: another database may have made it, at this very moment
-- even; and a login that may not make roles goes on without, guarded by the triggers.
do $$
begin
    if not exists (select from pg_roles where rolname = 'trailbook_app') then
        create role trailbook_app nologin;
        if not (select rolsuper from pg_roles where rolname = current_user) then
            execute format('grant trailbook_app to %I', current_user);
        end if;
    end if;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then raise notice 'No right to create the role trailbook_app; the service runs without it.';
end $$;

do $$
begin
    if exists (select from pg_roles where rolname = 'trailbook_app') then
        grant usage on schema public to trailbook_app;
        grant select, insert on entries, ledger, log_identity to trailbook_app;
        grant select, insert, update, delete on customers, customer_keys to trailbook_app;
        grant select on schema_migrations to trailbook_app;
        -- What later migrations make may be thrown away and rebuilt, unless they say otherwise.
        alter default privileges in schema public grant select, insert, update, delete, truncate on tables to trailbook_app;
        alter default privileges in schema public grant usage, select on sequences to trailbook_app;
    end if;
end $$;
