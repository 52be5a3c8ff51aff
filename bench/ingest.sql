-- name: make_equal_tables
-- Tables like those of the log, with the same columns, checks, partitions and indexes, and without triggers.
create schema copied;
create table copied.entries (like public.entries including all) partition by hash (originator_id);
do $$
begin
    for remainder in 0..7 loop
        execute format('create table copied.entries_%1$s partition of copied.entries '
                       'for values with (modulus 8, remainder %1$s)', remainder);
    end loop;
end $$;
create table copied.ledger (like public.ledger including all);

-- name: indexes
-- How many indexes stand on a schema's tables of the log: both schemas must have the same.
select count(*) from pg_indexes where schemaname = %(schema)s and tablename ~ '^(entries|ledger)'

-- name: entries_out
-- The entries of a span of positions, as COPY writes them.
copy (select * from public.entries where notification_id > %(after)s and notification_id <= %(last)s
      order by notification_id) to stdout (format binary)

-- name: ledger_out
-- Their lines in the ledger.
copy (select * from public.ledger where position > %(after)s and position <= %(last)s
      order by position) to stdout (format binary)

-- name: entries_in
-- The same bytes back in.
copy copied.entries from stdin (format binary)

-- name: ledger_in
-- The same bytes back in.
copy copied.ledger from stdin (format binary)

-- name: rows
-- How many facts arrived by COPY.
select count(*) from copied.entries
