-- Title: Quality control of detectors
-- Number: 12
-- What: What was measured on the images of quality control (edge plate, flat field, step wedge), for each detector
--   over time: MTF, noise power, defects, contrast to noise, with the site's limits as they were. change compares
--   with the first value of the period; drift is the slope against time, in parts of the mean, from two days on.
-- Source: IEC 62220-1-1 (MTF, NPS); IEC 61223-3-8, EUREF (constancy tests)
-- Parameter: begin timestamp; made at or after
-- Parameter: end timestamp; made before
-- Parameter: sender varchar; only this modality (AE title)
-- Parameter: quantity varchar; only this quantity, e.g. mtf50, nnps_1, dead_pixels, cnr
-- Column: at
-- Column: series; ; detector, quantity and direction
-- Column: sender
-- Column: detector
-- Column: quantity
-- Column: axis; ; direction in which details are resolved
-- Column: value
-- Column: unit; ; UCUM
-- Column: low; ; least value wanted
-- Column: high; ; greatest value wanted
-- Column: within; ; the limits; empty where there are none
-- Column: change; %; against the first value of the period
-- Column: drift; % per 30 days
-- Column: image_id
-- First: at, detector, quantity, axis, value, unit, low, high, within, change, drift, sender
-- Draw: trend; x = at; y = value; by = series
with measured as (
    select
        *,
        concat_ws(
            ' · ',
            nullif(sender, ''),
            nullif(detector, ''),
            concat_ws(', ', quantity_text(quantity), nullif(axis, ''))
        ) as series
    from qc
    where
        ($begin::timestamp is null or "at" >= $begin::timestamp)
        and ($end::timestamp is null or "at" < $end::timestamp)
        and ($sender::varchar is null or upper(sender) = upper($sender::varchar))
        and ($quantity::varchar is null or lower(quantity) = lower($quantity::varchar))
        and image_id not in (select image_id from image where state in ('rejected', 'deleted'))
),
whole as (
    select
        series,
        arg_min(value, "at") as first,
        case
            when min("at")::date < max("at")::date
                then 100 * 30 * 86400 * regr_slope(value, epoch("at")) / nullif(avg(value), 0)
        end as drift
    from measured
    group by series
)
select
    measured."at",
    measured.series,
    measured.sender,
    measured.detector,
    measured.quantity,
    measured.axis,
    measured.value,
    measured.unit,
    measured.low,
    measured.high,
    measured.within,
    100 * (measured.value - whole.first) / nullif(abs(whole.first), 0) as change,
    whole.drift,
    measured.image_id
from measured
join whole on whole.series is not distinct from measured.series
order by measured.series, measured."at"
