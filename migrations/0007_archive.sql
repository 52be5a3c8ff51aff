-- The archive of facts as columns: which files make it up, and how far they go. The files lie outside, and are never changed;
-- they can be made anew from the log, and are, whenever one of them is missing.

create table archive (
    only_one         boolean primary key default true check (only_one),
    generation       int    not null,
    form             text   not null,
    splits           int    not null check (splits > 0),
    position         bigint not null,
    leaf_hash        bytea  not null,
    recorded_at      bigint not null,
    kept_at          bigint not null default instant_now(),
    checked_at       bigint,
    checked_position bigint
);
comment on column archive.form is 'What the files say and how; files of another form are made anew.';
comment on column archive.leaf_hash is 'Of the entry at position: whether this is still the log that was archived.';

create table archive_segments (
    name           text   primary key,
    generation     int    not null,
    split          int    not null,
    place          int    not null,
    facts          bigint not null,
    customers      bigint not null,
    first_position bigint not null,
    last_position  bigint not null,
    facts_bytes    bigint not null,
    facts_digest   bytea  not null,
    sealed_bytes   bigint not null,
    sealed_digest  bytea  not null,
    retired_at     bigint
);
comment on column archive_segments.place is 'Later ones of a split lie over earlier ones.';
comment on column archive_segments.retired_at is 'Others tell the same since then; its files are removed when nobody can be reading them any more.';
create unique index on archive_segments (split, place) where retired_at is null;
