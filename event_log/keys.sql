-- name: of_subjects
-- The customers of these subjects: number and key, which is null once they were erased.
select customers.subject_hash, customers.customer, customers.subject, customer_keys.key_id, customer_keys.wrapped_key
from customers left join customer_keys using (customer)
where customers.subject_hash = any(%(hashes)b)

-- name: of_subjects_with_versions
-- The same with the version of their newest entry; asked under the lock.
select customers.subject_hash, customers.customer, customers.subject, customer_keys.key_id, customer_keys.wrapped_key,
       coalesce((select max(originator_version) from entries where originator_id = customers.customer), 0)
from customers left join customer_keys using (customer)
where customers.subject_hash = any(%(hashes)b)

-- name: of_numbers
-- The keys of these customers; an erased one has none.
select customer, subject, key_id, wrapped_key
from customer_keys join customers using (customer)
where customer = any(%(numbers)b::uuid[])
