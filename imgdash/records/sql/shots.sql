-- Title: Shots per region
-- Number: 3
-- What: Irradiation events per region and view, period, room and operator.
-- Source: FUNCTIONS.md H3 "shots per region for a period"
-- Parameter: begin timestamp; exposed at or after
-- Parameter: end timestamp; exposed before
-- Parameter: period varchar = month; one of day, week, month, quarter, year
-- Column: period; ; its first day
-- Column: body_part
-- Column: view
-- Column: room
-- Column: operator
-- Column: shots
-- Column: patients; ; known patient IDs
-- Draw: bars; x = period; y = shots; by = body_part
select
    date_trunc($period::varchar, "at")::date as period,
    nullif(body_part, '') as body_part,
    nullif(view, '') as view,
    place(room, station) as room,
    nullif(operator, '') as operator,
    count(*) as shots,
    count(distinct nullif(patient_id, '')) as patients
from current_exposure
where
    ($begin::timestamp is null or "at" >= $begin::timestamp)
    and ($end::timestamp is null or "at" < $end::timestamp)
group by all
order by all
