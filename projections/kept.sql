-- name: newest
-- The folds in progress of these customers, each as far as it has come.
select customer, after, version, box from kept where customer = any(%(customers)s) and newest

-- name: forget
-- All of these customers.
delete from kept where customer = any(%(customers)s)

-- name: drop_newest
-- Of these customers what is about to be kept anew.
delete from kept where customer = any(%(customers)s) and newest

-- name: add
-- Folds in progress, each under the last instant at which anything happened in it.
insert into kept (customer, after, version, newest, box)
select * from unnest(%(customers)b::uuid[], %(afters)b::bigint[], %(versions)b::bigint[], %(newests)b::boolean[],
                     %(boxes)b::bytea[])
