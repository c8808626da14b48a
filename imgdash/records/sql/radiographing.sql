-- Title: Radiographing record
-- Number: 1
-- What: What was done, image by image, in order of receipt: patient, region, condition key and version, exposure,
--   state and where it went. An amended exposure is shown as it stands.
-- Source: FUNCTIONS.md H3, H2; paragraph on the radiographing record of the patent
-- Parameter: begin timestamp; received at or after
-- Parameter: end timestamp; received before
-- Parameter: modality varchar; only this modality
-- Column: number; ; order of receipt
-- Column: received_at
-- Column: acquired_at
-- Column: patient_id
-- Column: patient_name
-- Column: patient_sex
-- Column: patient_birth_date
-- Column: accession
-- Column: modality
-- Column: body_part
-- Column: view
-- Column: laterality
-- Column: room; ; or the station, where no room is known
-- Column: operator
-- Column: condition; ; condition key that processed it
-- Column: condition_version
-- Column: kvp; kV
-- Column: mas; mAs
-- Column: exposure_ms; ms
-- Column: distance_mm; mm
-- Column: kap; dGy·cm²
-- Column: ei
-- Column: target_ei
-- Column: di
-- Column: state
-- Column: reason; ; why it was rejected or asked for again
-- Column: round; ; 1 for a first image, n + 1 for the answer to the n-th request
-- Column: confirmed_by
-- Column: confirmed_at
-- Column: delivered_to
-- First: number, received_at, patient_name, body_part, view, condition, state, ei, di, patient_id, kvp, mas,
--   accession, room, laterality, modality, operator, kap, reason
-- Draw: table
with chosen as (
    select *
    from image
    where
        ($begin::timestamp is null or received_at >= $begin::timestamp)
        and ($end::timestamp is null or received_at < $end::timestamp)
        and ($modality::varchar is null or modality = $modality::varchar)
),
-- A set of names for each image, kept as bits: it needs a fixed place in memory, a list of names does not.
output as (
    select apparatus, row_number() over (order by apparatus) - 1 as bit
    from (select distinct apparatus from queue)
),
sent as (
    select queue.image_id, bit_or(1::bigint << output.bit) as mask
    from queue
    join output using (apparatus)
    where queue.state = 'done' and queue.image_id in (select image_id from chosen)
    group by queue.image_id
),
delivered as (
    select said.mask, string_agg(output.apparatus, ', ' order by output.apparatus) as delivered_to
    from (select distinct mask from sent) as said
    join output on (said.mask >> output.bit) & 1 = 1
    group by said.mask
)
select
    image.number,
    image.received_at,
    image.acquired_at,
    nullif(image.patient_id, '') as patient_id,
    nullif(image.patient_name, '') as patient_name,
    nullif(image.patient_sex, '') as patient_sex,
    nullif(image.patient_birth_date, '') as patient_birth_date,
    nullif(image.accession, '') as accession,
    nullif(image.modality, '') as modality,
    nullif(image.body_part, '') as body_part,
    nullif(image.view, '') as view,
    nullif(image.laterality, '') as laterality,
    place(shot.room, image.station) as room,
    nullif(image.operator, '') as operator,
    nullif(image.condition, '') as condition,
    nullif(image.condition_version, 0) as condition_version,
    shot.kvp,
    shot.mas,
    shot.exposure_ms,
    shot.distance_mm,
    shot.dap as kap,
    shot.ei,
    shot.target_ei,
    shot.di,
    image.state,
    reason_text(nullif(image.reason, '')) as reason,
    coalesce(image.round, 0) + 1 as round,
    nullif(image.confirmed_by, '') as confirmed_by,
    image.confirmed_at,
    delivered.delivered_to
from chosen as image
left join current_exposure as shot using (image_id)
left join sent using (image_id)
left join delivered using (mask)
order by image.number
