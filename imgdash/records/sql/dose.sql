-- Title: Kerma-area product against reference levels
-- Number: 7
-- What: Median and third quartile of the kerma-area product (KAP) per region, view and age band, beside the
--   diagnostic reference level (DRL) the site has set. A site meets a DRL if its median does not exceed it; single
--   exposures above it are counted with those whose reason is known. What is unknown is not counted as 0.
-- Source: RECORDS.md 7; ICRP 135; Germany, StrlSchG section 85 (exceedance and its reason)
-- Parameter: begin timestamp; exposed at or after
-- Parameter: end timestamp; exposed before
-- Parameter: room varchar; only this room
-- Column: body_part
-- Column: view
-- Column: age_band; years
-- Column: shots
-- Column: known; ; shots with a known KAP
-- Column: kap_median; dGy·cm²
-- Column: kap_p75; dGy·cm²
-- Column: drl; dGy·cm²
-- Column: median_of_drl; %
-- Column: above; ; single exposures above the DRL
-- Column: explained; ; of those, with a reason
-- Column: drl_source
-- Draw: bars; x = view; y = kap_median; by = body_part
with shot as (
    select
        nullif(exposure.body_part, '') as body_part,
        nullif(exposure.view, '') as view,
        age_band(exposure.patient_age) as age_band,
        exposure.dap as kap,
        exposure.dap > reference_level.kap as above,
        justification.why is not null as explained,
        reference_level.kap as drl,
        reference_level.source as drl_source
    from current_exposure as exposure
    left join justification on justification.root = root(exposure.event_uid)
    left join reference_level
        on reference_level.body_part = upper(exposure.body_part)
        and reference_level.view = upper(exposure.view)
        and reference_level.age_band = age_band(exposure.patient_age)
    where
        ($begin::timestamp is null or exposure."at" >= $begin::timestamp)
        and ($end::timestamp is null or exposure."at" < $end::timestamp)
        and ($room::varchar is null or place(exposure.room, exposure.station) = $room::varchar)
)
select
    body_part,
    view,
    age_band,
    count(*) as shots,
    count(kap) as known,
    quantile_cont(kap, 0.5) as kap_median,
    quantile_cont(kap, 0.75) as kap_p75,
    drl,
    100.0 * quantile_cont(kap, 0.5) / drl as median_of_drl,
    case when drl is not null then count(*) filter (where above) end as above,
    case when drl is not null then count(*) filter (where above and explained) end as explained,
    drl_source
from shot
group by body_part, view, age_band, drl, drl_source
order by body_part, view, age_band
