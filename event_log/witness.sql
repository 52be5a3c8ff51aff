-- name: holds
-- Where the log ends, and whether it holds what was acknowledged.
select (select max(position) from ledger),
       exists (select from ledger where position = %(position)s and leaf_hash = %(leaf_hash)b)
