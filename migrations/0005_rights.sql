-- Keys that people make, rotate and revoke; and what a seller sees, kept by the database itself.

alter table api_keys
    add column label      text not null default '',
    add column replaces   uuid,
    add column made_by    uuid,
    add column revoked_at bigint,
    add column revoked_by uuid,
    add check (role <> 'seller' or staff is not null);
comment on column api_keys.made_by is 'The key it was made with; absent from the command line. Likewise revoked_by.';

-- Where the log ends and since when, without whose its entries are: everybody's answers name a position.
create view positions as select position, recorded_at from ledger;

do $$
begin
    if not exists (select from pg_roles where rolname = 'trailbook_seller') then
        create role trailbook_seller nologin;
        if not (select rolsuper from pg_roles where rolname = current_user) then
            execute format('grant trailbook_seller to %I', current_user);
        end if;
    end if;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then raise notice 'No right to create the role trailbook_seller; no seller will be let in.';
end $$;

-- A seller reads, and reads only rows of customers who are theirs as now known; the service itself sees and writes whatever
-- its grants allow. (COPY does not write into these tables: Postgres refuses it under row-level security.)
do $$
declare
    has_app    constant boolean := exists (select from pg_roles where rolname = 'trailbook_app');
    has_seller constant boolean := exists (select from pg_roles where rolname = 'trailbook_seller');
    held record;
begin
    if has_app then
        revoke insert, update, delete, truncate on positions from trailbook_app;
    end if;
    if has_seller then
        grant usage on schema public to trailbook_seller;
        grant select on positions, tracking to trailbook_seller;
    end if;
    for held in select * from (values
        ('entries', 'originator_id'), ('ledger', 'customer'), ('customers', 'customer'), ('customer_keys', 'customer'),
        ('parked', 'customer'), ('standing', 'customer'), ('stays', 'customer'), ('trail', 'customer'),
        ('opportunities', 'customer'), ('sellers', 'customer')) as tables (name, customer)
    loop
        execute format('alter table %I enable row level security', held.name);
        if has_app then
            execute format('create policy service on %I to trailbook_app using (true) with check (true)', held.name);
        end if;
        if has_seller then
            execute format('grant select on %I to trailbook_seller', held.name);
        end if;
        if has_seller and held.name <> 'sellers' then
            execute format('create policy own on %1$I for select to trailbook_seller
                            using (exists (select from sellers where sellers.customer = %1$I.%2$I))',
                           held.name, held.customer);
        end if;
    end loop;
    if has_seller then
        -- In a subquery, so that it is evaluated once a statement. Where no name is set, nobody is theirs.
        create policy own on sellers for select to trailbook_seller
            using (staff = (select current_setting('trailbook.staff', true)));
        -- Rulebooks are nobody's.
        create policy publications on entries for select to trailbook_seller using (topic = 'rulebook-published');
    end if;
end $$;
