-- name: try_parked_again
-- Another release may understand what the one before did not.
update parked set again = true where not again
