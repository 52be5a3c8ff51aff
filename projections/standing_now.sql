-- name: by_the_indexes
-- For the statement sent right behind: its plan is made once, and goes by the indexes whatever the tables held when it was made.
-- To plan anew for every question would take longer than to answer it.
select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)

-- name: standing
-- All that a question about one customer needs, as of one moment: the present instant, where the log ends, its newest publication,
-- who she is, the last fold kept of her that had come no further than the instant asked about, and the facts that it lacks, as
-- columns side by side. In the newest one kept only later entries are lacking; in one before it whatever happened afterwards; where
-- none is kept, everything. A void counts whenever it occurred.
with moment as materialized (select instant_now() as now),
     cut as (select now, coalesce(%(as_of)s::bigint, now) as as_of from moment)
select cut.now, (select coalesce(max(position), 0) from positions),
       published.notification_id, published.event_id,
       customers.customer, customers.subject, customer_keys.key_id, customer_keys.wrapped_key,
       start.after, start.version, start.box,
       lacking.*
from cut
left join (select notification_id, event_id from entries where topic = 'rulebook-published'
           order by notification_id desc limit 1) as published on true
left join customers on subject_hash = %(subject)b
left join customer_keys on customer_keys.customer = customers.customer
left join lateral (select after, version, newest, box from kept
                   where kept.customer = customers.customer and after <= cut.as_of
                   order by after desc limit 1) as start on true
left join lateral (
    select array_agg(originator_id), array_agg(originator_version), array_agg(topic), array_agg(state),
           array_agg(notification_id), array_agg(event_id), array_agg(fact_type), array_agg(occurred_at), array_agg(recorded_at)
    from (select * from entries
          where originator_id = customers.customer and originator_version > coalesce(start.version, 0)
          union all
          select * from entries
          where not start.newest and originator_id = customers.customer
            and originator_version <= start.version and occurred_at > start.after) as hers
    where occurred_at <= cut.as_of or fact_type = 'fact.voided'
) as lacking on true
