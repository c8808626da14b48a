-- Title: Rejects and repeats
-- Number: 5
-- What: How many irradiation events gave an image that was not good enough. Rejects (never shown to the
--   radiologist) and repeats (archived as well) are counted apart; the rates are of all irradiation events of the
--   row, but by reason of all irradiation events of the period.
-- Source: RECORDS.md 5; AAPM TG-305; reasons are CID 7011
-- Parameter: begin timestamp; exposed at or after
-- Parameter: end timestamp; exposed before
-- Parameter: by varchar = reason; one of reason, body_part, view, room, operator, modality, month
-- Parameter: modality varchar; only this modality
-- Column: value; ; of what the rows are by
-- Column: shots
-- Column: rejects
-- Column: repeats
-- Column: reject_rate; %
-- Column: repeat_rate; %
-- Column: share; %; of all rejects and repeats
-- Draw: bars; x = value; y = reject_rate
with shot as (
    select
        rejected_exposure.kind,
        case $by::varchar
            when 'reason' then reason_text(rejected_exposure.reason)
            when 'body_part' then nullif(current_exposure.body_part, '')
            when 'view' then concat_ws(' ', nullif(current_exposure.body_part, ''), nullif(current_exposure.view, ''))
            when 'room' then place(current_exposure.room, current_exposure.station)
            when 'operator' then nullif(current_exposure.operator, '')
            when 'modality' then nullif(current_exposure.modality, '')
            when 'month' then strftime(current_exposure."at", '%Y-%m')
        end as value
    from current_exposure
    left join rejected_exposure using (event_uid)
    where
        ($begin::timestamp is null or current_exposure."at" >= $begin::timestamp)
        and ($end::timestamp is null or current_exposure."at" < $end::timestamp)
        and ($modality::varchar is null or current_exposure.modality = $modality::varchar)
),
total as (select count(*) as shots, count(kind) as bad from shot),
counted as (
    select
        shot.value,
        case when $by::varchar = 'reason' then any_value(total.shots) else count(*) end as shots,
        count(*) filter (where shot.kind = 'reject') as rejects,
        count(*) filter (where shot.kind = 'repeat') as repeats,
        any_value(total.bad) as bad
    from shot, total
    where $by::varchar <> 'reason' or shot.kind is not null
    group by shot.value
)
select
    value,
    shots,
    rejects,
    repeats,
    100.0 * rejects / shots as reject_rate,
    100.0 * repeats / shots as repeat_rate,
    100.0 * (rejects + repeats) / nullif(bad, 0) as share
from counted
order by rejects + repeats desc, value
