-- Title: Completeness of the accompanying information
-- Number: 10
-- What: How often each item was missing when the image arrived, was corrected on the screen, and is still missing.
-- Source: FUNCTIONS.md R4, B3; RECORDS.md 10
-- Parameter: begin timestamp; received at or after
-- Parameter: end timestamp; received before
-- Parameter: by varchar = sender; one of sender, modality, station, none
-- Column: value; ; of what the rows are by
-- Column: item
-- Column: images
-- Column: missing_at_receipt
-- Column: corrected; ; missing at receipt, known now
-- Column: missing_now
-- Column: complete_at_receipt; %
-- Draw: bars; x = item; y = complete_at_receipt; by = value
with arrived as (
    select
        *,
        case $by::varchar
            when 'sender' then nullif(sender, '')
            when 'modality' then nullif(modality, '')
            when 'station' then nullif(station, '')
        end as value
    from image
    where
        ($begin::timestamp is null or received_at >= $begin::timestamp)
        and ($end::timestamp is null or received_at < $end::timestamp)
),
counted as (
    select
        value,
        count(*) as images,
        count(*) filter (where nullif(patient_id::varchar, '') is null) as patient_id,
        count(*) filter (where nullif(patient_name::varchar, '') is null) as patient_name,
        count(*) filter (where nullif(patient_sex::varchar, '') is null) as patient_sex,
        count(*) filter (where nullif(patient_birth_date::varchar, '') is null) as patient_birth_date,
        count(*) filter (where nullif(accession::varchar, '') is null) as accession,
        count(*) filter (where nullif(body_part::varchar, '') is null) as body_part,
        count(*) filter (where nullif(view::varchar, '') is null) as view,
        count(*) filter (where nullif(laterality::varchar, '') is null) as laterality,
        count(*) filter (where nullif(operator::varchar, '') is null) as operator,
        count(*) filter (where nullif(station::varchar, '') is null) as station,
        count(*) filter (where nullif(acquired_at::varchar, '') is null) as acquired_at,
        count(*) filter (where nullif(pixel_spacing::varchar, '') is null) as pixel_spacing
    from arrived
    group by value
),
standing as (
    from counted
    unpivot (
        missing_now for item in (
            patient_id, patient_name, patient_sex, patient_birth_date, accession, body_part, view, laterality,
            operator, station, acquired_at, pixel_spacing
        )
    )
),
-- The first line of an image in the journal holds what it came with; it only matters where that was corrected.
birth as (
    select id as image_id, arg_min(data, seq) as data
    from journal
    where subject = 'image' and id in (select id from journal where subject = 'image' and event = 'edit')
    group by id
),
edited as (
    select image_id, value, patient_id, patient_name, patient_sex, patient_birth_date, accession, body_part,
        view, laterality, operator, station, acquired_at::varchar as acquired_at, pixel_spacing::varchar as pixel_spacing
    from arrived
    where image_id in (select image_id from birth)
),
changed as (
    select
        held.value,
        held.item,
        count(*) filter (
            where nullif(birth.data->>held.item, '') is null and nullif(held.known, '') is not null
        ) as corrected,
        count(*) filter (
            where nullif(birth.data->>held.item, '') is not null and nullif(held.known, '') is null
        ) as removed
    from (
        from edited
        unpivot include nulls (
            known for item in (
                patient_id, patient_name, patient_sex, patient_birth_date, accession, body_part, view, laterality,
                operator, station, acquired_at, pixel_spacing
            )
        )
    ) as held
    join birth using (image_id)
    group by held.value, held.item
)
select
    standing.value,
    standing.item,
    standing.images,
    standing.missing_now + coalesce(corrected, 0) - coalesce(removed, 0) as missing_at_receipt,
    coalesce(corrected, 0) as corrected,
    standing.missing_now,
    100.0 - 100.0 * missing_at_receipt / standing.images as complete_at_receipt
from standing
left join changed on changed.item = standing.item and changed.value is not distinct from standing.value
order by standing.value, missing_at_receipt desc, standing.item
