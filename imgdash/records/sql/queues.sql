-- Title: Queue latency and failures
-- Number: 9
-- What: How long images took from their registration in a queue to their delivery, and what went wrong on the way,
--   per output apparatus and period of registration.
-- Source: FUNCTIONS.md F1-F4; RECORDS.md 9
-- Parameter: begin timestamp; registered at or after
-- Parameter: end timestamp; registered before
-- Parameter: period varchar = day; one of hour, day, week, month
-- Column: period; ; its beginning
-- Column: apparatus
-- Column: registered
-- Column: done
-- Column: open; ; waiting, held, sending or awaiting commitment
-- Column: failed
-- Column: uncertain
-- Column: cancelled
-- Column: tried_again; ; entries that needed more than one attempt
-- Column: attempts_mean; ; of entries that were delivered
-- Column: seconds_median; s
-- Column: seconds_p95; s
-- Column: seconds_max; s
-- First: period, apparatus, registered, done, open, failed, uncertain, seconds_median, seconds_p95, seconds_max
-- Draw: lines; x = period; y = seconds_median; by = apparatus
select
    date_trunc($period::varchar, registered_at) as period,
    apparatus,
    count(*) as registered,
    count(*) filter (where state = 'done') as done,
    count(*) filter (where state in ('waiting', 'held', 'sending', 'committing')) as open,
    count(*) filter (where state = 'failed') as failed,
    count(*) filter (where state = 'uncertain') as uncertain,
    count(*) filter (where state = 'cancelled') as cancelled,
    count(*) filter (where attempts > 1) as tried_again,
    avg(attempts) filter (where state = 'done') as attempts_mean,
    quantile_cont(epoch(finished_at - registered_at), 0.5) filter (where state = 'done') as seconds_median,
    quantile_cont(epoch(finished_at - registered_at), 0.95) filter (where state = 'done') as seconds_p95,
    max(epoch(finished_at - registered_at)) filter (where state = 'done') as seconds_max
from queue
where
    ($begin::timestamp is null or registered_at >= $begin::timestamp)
    and ($end::timestamp is null or registered_at < $end::timestamp)
group by all
order by period, apparatus
