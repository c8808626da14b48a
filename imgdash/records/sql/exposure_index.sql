-- Title: Exposure index and deviation index
-- Number: 6
-- What: Control chart: each day's exposure index (EI) and deviation index (DI) beside the mean of the whole period
--   and 1 and 2 standard deviations of single exposures around it. z says how far the day's mean lies from the
--   mean of the period in standard errors; run counts the days in a row on the same side of it (7 and more: a
--   shift, Western Electric); drift is the slope of DI against time, from two days on.
-- Source: IEC 62494-1; AAPM TG-116, TG-232
-- Parameter: begin timestamp; exposed at or after
-- Parameter: end timestamp; exposed before
-- Parameter: by varchar = room; one of room, body_part, view, operator, condition, modality
-- Parameter: body_part varchar; only this region
-- Parameter: view varchar; only this view
-- Column: day
-- Column: series; ; of what the charts are by
-- Column: shots; ; with a known DI
-- Column: ei_median
-- Column: ei_p25
-- Column: ei_p75
-- Column: di_mean
-- Column: di_median
-- Column: di_sd
-- Column: within_1; %; shots with -1 <= DI <= 1
-- Column: centre; ; mean DI of the period
-- Column: sd; ; of single DI in the period
-- Column: low_1sd
-- Column: high_1sd
-- Column: low_2sd
-- Column: high_2sd
-- Column: z
-- Column: run; days
-- Column: drift; DI per 30 days
-- First: day, series, shots, di_mean, di_median, di_sd, ei_median, run, drift, z, within_1
-- Draw: control; x = day; y = di_mean; by = series
with shot as (
    select
        "at",
        ei,
        di,
        case $by::varchar
            when 'room' then place(room, station)
            when 'body_part' then nullif(body_part, '')
            when 'view' then concat_ws(' ', nullif(body_part, ''), nullif(view, ''))
            when 'operator' then nullif(operator, '')
            when 'condition' then nullif(condition, '')
            when 'modality' then nullif(modality, '')
        end as series
    from current_exposure
    where
        di is not null
        and ($begin::timestamp is null or "at" >= $begin::timestamp)
        and ($end::timestamp is null or "at" < $end::timestamp)
        and ($body_part::varchar is null or upper(body_part) = upper($body_part::varchar))
        and ($view::varchar is null or upper(view) = upper($view::varchar))
),
whole as (
    select
        series,
        avg(di) as centre,
        stddev_samp(di) as sd,
        case when min("at")::date < max("at")::date then 30 * 86400 * regr_slope(di, epoch("at")) end as drift
    from shot
    group by series
),
daily as (
    select
        "at"::date as day,
        series,
        count(*) as shots,
        quantile_cont(ei, 0.5) as ei_median,
        quantile_cont(ei, 0.25) as ei_p25,
        quantile_cont(ei, 0.75) as ei_p75,
        avg(di) as di_mean,
        quantile_cont(di, 0.5) as di_median,
        stddev_samp(di) as di_sd,
        100.0 * count(*) filter (where abs(di) <= 1) / count(*) as within_1
    from shot
    group by all
),
sided as (
    select
        daily.*,
        whole.* exclude (series),
        sign(daily.di_mean - whole.centre) as side,
        row_number() over (partition by daily.series order by day) as number,
        row_number() over (partition by daily.series, sign(daily.di_mean - whole.centre) order by day) as number_on_side
    from daily
    join whole on whole.series is not distinct from daily.series
)
select
    day,
    series,
    shots,
    ei_median,
    ei_p25,
    ei_p75,
    di_mean,
    di_median,
    di_sd,
    within_1,
    centre,
    sd,
    centre - sd as low_1sd,
    centre + sd as high_1sd,
    centre - 2 * sd as low_2sd,
    centre + 2 * sd as high_2sd,
    (di_mean - centre) / nullif(sd / sqrt(shots), 0) as z,
    row_number() over (partition by series, side, number - number_on_side order by day) as run,
    drift
from sided
order by series, day
