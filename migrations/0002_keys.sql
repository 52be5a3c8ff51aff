-- API keys: only a hash of the secret is kept; the prefix is what people recognise a key by.
create table api_keys (
    id         uuid   primary key,
    prefix     text   not null,
    hash       bytea  not null unique,
    role       text   not null check (role in ('ingest', 'seller', 'ops', 'auditor', 'admin')),
    staff      text,
    expires_at bigint,
    made_at    bigint not null default instant_now()
);
