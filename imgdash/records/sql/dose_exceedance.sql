-- Title: Exposures above their reference level
-- Number: 7b
-- What: Each irradiation event whose kerma-area product is above the diagnostic reference level of the site, and why.
-- Source: RECORDS.md 7; Germany, StrlSchG section 85
-- Parameter: begin timestamp; exposed at or after
-- Parameter: end timestamp; exposed before
-- Parameter: unexplained boolean = false; only those without a reason
-- Column: at
-- Column: patient_id
-- Column: accession
-- Column: body_part
-- Column: view
-- Column: age_band; years
-- Column: room
-- Column: operator
-- Column: kap; dGy·cm²
-- Column: drl; dGy·cm²
-- Column: of_drl; %
-- Column: reason
-- Column: explained_by
-- Column: explained_at
-- Column: event_uid
-- First: at, body_part, view, kap, drl, of_drl, reason, explained_by, patient_id, accession, age_band, operator
-- Draw: table
select
    exposure."at",
    nullif(exposure.patient_id, '') as patient_id,
    nullif(exposure.accession, '') as accession,
    exposure.body_part,
    exposure.view,
    age_band(exposure.patient_age) as age_band,
    place(exposure.room, exposure.station) as room,
    nullif(exposure.operator, '') as operator,
    exposure.dap as kap,
    reference_level.kap as drl,
    100.0 * exposure.dap / reference_level.kap as of_drl,
    justification.why as reason,
    justification."by" as explained_by,
    justification."at" as explained_at,
    exposure.event_uid
from current_exposure as exposure
join reference_level
    on reference_level.body_part = upper(exposure.body_part)
    and reference_level.view = upper(exposure.view)
    and reference_level.age_band = age_band(exposure.patient_age)
left join justification on justification.root = root(exposure.event_uid)
where
    exposure.dap > reference_level.kap
    and ($begin::timestamp is null or exposure."at" >= $begin::timestamp)
    and ($end::timestamp is null or exposure."at" < $end::timestamp)
    and (not $unexplained::boolean or justification.why is null)
order by exposure."at", exposure.event_uid
