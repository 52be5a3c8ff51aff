-- name: keys_between
-- The keys of the customers from one number to another.
select customer, key_id, wrapped_key from customer_keys where customer between %(first)s and %(last)s

-- name: erased
-- Customers who are known and have no key.
select customer from customers where not exists (select from customer_keys where customer_keys.customer = customers.customer)
order by customer
