-- Title: The re-generation loop
-- Number: 8
-- What: How the asking for better images went, per modality, condition key and reason. Requests that follow one
--   another for the same image are one history. Times run from the first request of a history: to its first
--   answer, and to the confirmation of the image that ended it.
-- Source: FUNCTIONS.md R1-R7; RECORDS.md 8
-- Parameter: begin timestamp; first asked at or after
-- Parameter: end timestamp; first asked before
-- Column: modality; ; of the first image
-- Column: condition; ; of the first image
-- Column: reason; ; of the first request
-- Column: asked_of; ; modality or ris, at first
-- Column: histories
-- Column: requests
-- Column: rounds_mean
-- Column: rounds_max
-- Column: satisfied
-- Column: refused; ; refused or failed at last
-- Column: withdrawn
-- Column: open
-- Column: answer_minutes; min; median
-- Column: confirm_minutes; min; median
-- Column: confirm_minutes_p95; min
-- First: reason, modality, condition, asked_of, histories, requests, rounds_mean, satisfied, refused, open,
--   answer_minutes, confirm_minutes
-- Draw: bars; x = modality; y = confirm_minutes; by = reason
with history as (
    select
        chain,
        min(created_at) as asked_at,
        min(answered_at) as answered_at,
        count(*) as requests,
        max(round) as rounds,
        arg_min(image_id, round) as image_id,
        arg_min(reason, round) as reason,
        arg_min("to", round) as "to",
        arg_max(state, round) as state,
        case when arg_max(state, round) = 'satisfied' then arg_max(answer, round) end as ended_by
    from request
    where state <> 'proposed'
    group by chain
)
select
    nullif(image.modality, '') as modality,
    nullif(image.condition, '') as condition,
    reason_text(nullif(history.reason, '')) as reason,
    history."to" as asked_of,
    count(*) as histories,
    sum(history.requests)::bigint as requests,
    avg(history.rounds) as rounds_mean,
    max(history.rounds) as rounds_max,
    count(*) filter (where history.state = 'satisfied') as satisfied,
    count(*) filter (where history.state in ('refused', 'failed')) as refused,
    count(*) filter (where history.state = 'withdrawn') as withdrawn,
    count(*) filter (where history.state not in ('satisfied', 'refused', 'failed', 'withdrawn')) as open,
    quantile_cont(epoch(history.answered_at - history.asked_at) / 60, 0.5) as answer_minutes,
    quantile_cont(epoch(confirmed.confirmed_at - history.asked_at) / 60, 0.5) as confirm_minutes,
    quantile_cont(epoch(confirmed.confirmed_at - history.asked_at) / 60, 0.95) as confirm_minutes_p95
from history
left join image using (image_id)
left join image as confirmed on confirmed.image_id = history.ended_by
where
    ($begin::timestamp is null or history.asked_at >= $begin::timestamp)
    and ($end::timestamp is null or history.asked_at < $end::timestamp)
group by all
order by histories desc, modality, condition, reason, asked_of
