-- Title: Weekly use of rooms
-- Number: 4
-- What: Shots, beam time and tube load of each room in each week (ISO 8601, Monday first), and since the beginning
--   of that week's year. Sums hold what is known; "shots without time" are missing from the beam time.
-- Source: RECORDS.md; Japan, weekly use time per X-ray room, closed yearly
-- Parameter: begin timestamp; exposed at or after
-- Parameter: end timestamp; exposed before
-- Column: year; ; of the week
-- Column: week
-- Column: week_begin; ; its Monday
-- Column: room
-- Column: shots
-- Column: shots_without_time
-- Column: beam_seconds; s
-- Column: tube_load; mAs
-- Column: kvp_max; kV
-- Column: year_shots; ; in the year up to this week
-- Column: year_beam_seconds; s; in the year up to this week
-- Draw: bars; x = week_begin; y = beam_seconds; by = room
with weekly as (
    select
        isoyear("at") as year,
        weekofyear("at") as week,
        date_trunc('week', "at")::date as week_begin,
        place(room, station) as room,
        count(*) as shots,
        count(*) - count(exposure_ms) as shots_without_time,
        sum(exposure_ms) / 1000 as beam_seconds,
        sum(mas) as tube_load,
        max(kvp) as kvp_max
    from current_exposure
    where
        ($begin::timestamp is null or "at" >= $begin::timestamp)
        and ($end::timestamp is null or "at" < $end::timestamp)
    group by all
)
select
    *,
    (sum(shots) over so_far)::bigint as year_shots,
    sum(beam_seconds) over so_far as year_beam_seconds
from weekly
window so_far as (partition by year, room order by week_begin)
order by week_begin, room
