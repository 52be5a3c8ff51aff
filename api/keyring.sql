-- name: now
-- The database's clock, which keys expire by.
select instant_now()

-- name: actor_by_hash
-- Who has the key with this hash, as long as it is in force.
select id, role, staff, label from api_keys
where hash = %(hash)s and revoked_at is null and (expires_at is null or expires_at > instant_now())

-- name: actor_by_id
-- Who has the key of this number, as long as it is in force.
select id, role, staff, label from api_keys
where id = %(id)s and revoked_at is null and (expires_at is null or expires_at > instant_now())

-- name: administrators
-- The administrators' keys in force, the oldest first.
select id, role, staff, label from api_keys
where role = 'admin' and revoked_at is null and (expires_at is null or expires_at > instant_now())
order by made_at, id

-- name: all
-- Every key there ever was, without its hash, the oldest first.
select id, prefix, role, staff, label, made_at, expires_at, revoked_at, replaces from api_keys order by made_at, id

-- name: one
-- One key, without its hash.
select id, prefix, role, staff, label, made_at, expires_at, revoked_at, replaces from api_keys where id = %(id)s

-- name: lock
-- Whoever changes keys goes one after the other, so that two administrators cannot revoke each other.
lock table api_keys in share row exclusive mode

-- name: add
-- A key, once: the same secret again changes nothing.
insert into api_keys (id, prefix, hash, role, staff, label, expires_at, replaces, made_by)
values (%(id)s, %(prefix)s, %(hash)s, %(role)s, %(staff)s, %(label)s, %(expires_at)s, %(replaces)s, %(by)s)
on conflict (hash) do nothing

-- name: expire
-- A key ends at an instant, or earlier where it was to end earlier.
update api_keys set expires_at = least(expires_at, %(at)s) where id = %(id)s

-- name: revoke
-- A key ends now.
update api_keys set revoked_at = instant_now(), revoked_by = %(by)s where id = %(id)s and revoked_at is null
