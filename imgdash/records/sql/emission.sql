-- Title: Emission record
-- Number: 2
-- What: What radiation was used on whom, when, on whose order and why, with the state of the signature. Rows are
--   never overwritten: an amendment is a row of its own, and says which one it amends.
-- Source: FUNCTIONS.md H3; Japan, Radiology Technologists Act art. 28; Germany, StrlSchG section 85
-- Parameter: begin timestamp; exposed at or after
-- Parameter: end timestamp; exposed before
-- Parameter: patient_id varchar; only this patient
-- Parameter: superseded boolean = false; also rows that were amended
-- Parameter: unsigned boolean = false; only rows that nobody has signed
-- Column: at
-- Column: patient_id
-- Column: patient_name
-- Column: patient_sex
-- Column: patient_age; years; at the exposure
-- Column: age_band; years
-- Column: accession
-- Column: physician; ; who ordered it
-- Column: indication; ; content of the order
-- Column: modality
-- Column: body_part
-- Column: view
-- Column: laterality
-- Column: condition
-- Column: room
-- Column: operator
-- Column: kvp; kV
-- Column: mas; mAs
-- Column: exposure_ms; ms
-- Column: distance_mm; mm
-- Column: filter
-- Column: grid
-- Column: kap; dGy·cm²
-- Column: entrance_dose; mGy
-- Column: ei
-- Column: target_ei
-- Column: di
-- Column: reference_level; dGy·cm²
-- Column: above_reference
-- Column: justification; ; why it is above the reference level
-- Column: signature; ; who signed
-- Column: signed_at
-- Column: status; ; current or amended
-- Column: amends; ; event_uid of the row that this one amends
-- Column: amended_because
-- Column: event_uid
-- First: at, patient_name, body_part, view, kvp, mas, kap, ei, di, physician, patient_id, operator, room, indication,
--   signature, signed_at, laterality, reference_level, above_reference
-- Draw: table
with signed as (
    select id as event_uid, max("at") as signed_at
    from journal
    where subject = 'exposure' and event = 'sign'
    group by id
),
amended as (
    select id as event_uid, arg_max(why, seq) as why
    from journal
    where subject = 'exposure' and event = 'amend'
    group by id
)
select
    exposure."at",
    nullif(exposure.patient_id, '') as patient_id,
    nullif(exposure.patient_name, '') as patient_name,
    nullif(exposure.patient_sex, '') as patient_sex,
    exposure.patient_age,
    age_band(exposure.patient_age) as age_band,
    nullif(exposure.accession, '') as accession,
    nullif(exposure.physician, '') as physician,
    nullif(exposure.indication, '') as indication,
    nullif(exposure.modality, '') as modality,
    nullif(exposure.body_part, '') as body_part,
    nullif(exposure.view, '') as view,
    nullif(exposure.laterality, '') as laterality,
    nullif(exposure.condition, '') as condition,
    place(exposure.room, exposure.station) as room,
    nullif(exposure.operator, '') as operator,
    exposure.kvp,
    exposure.mas,
    exposure.exposure_ms,
    exposure.distance_mm,
    nullif(exposure.filter, '') as filter,
    nullif(exposure.grid, '') as grid,
    exposure.dap as kap,
    exposure.entrance_dose,
    exposure.ei,
    exposure.target_ei,
    exposure.di,
    reference_level.kap as reference_level,
    exposure.dap > reference_level.kap as above_reference,
    justification.why as justification,
    nullif(exposure.signature, '') as signature,
    signed.signed_at,
    case when current_exposure.event_uid is null then 'amended' else 'current' end as status,
    nullif(exposure.amends, '') as amends,
    amended.why as amended_because,
    exposure.event_uid
from exposure
left join current_exposure using (event_uid)
left join justification on justification.root = root(exposure.event_uid)
left join signed using (event_uid)
left join amended using (event_uid)
left join reference_level
    on reference_level.body_part = upper(exposure.body_part)
    and reference_level.view = upper(exposure.view)
    and reference_level.age_band = age_band(exposure.patient_age)
where
    ($begin::timestamp is null or exposure."at" >= $begin::timestamp)
    and ($end::timestamp is null or exposure."at" < $end::timestamp)
    and ($patient_id::varchar is null or exposure.patient_id = $patient_id::varchar)
    and ($superseded::boolean or current_exposure.event_uid is not null)
    and (not $unsigned::boolean or nullif(exposure.signature, '') is null)
order by exposure."at", exposure.event_uid
