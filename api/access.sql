-- name: key_of
-- The key with this hash, unless it has expired.
select id, role, staff from api_keys where hash = %(hash)s and (expires_at is null or expires_at > instant_now())

-- name: add
-- A key, once: the same key again changes nothing.
insert into api_keys (id, prefix, hash, role) values (%(id)s, %(prefix)s, %(hash)s, %(role)s)
on conflict (hash) do nothing

-- name: has_admin
-- Whether anybody can administer.
select exists (select from api_keys where role = 'admin')
