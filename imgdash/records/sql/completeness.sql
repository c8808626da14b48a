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
        image_id,
        case $by::varchar
            when 'sender' then nullif(sender, '')
            when 'modality' then nullif(modality, '')
            when 'station' then nullif(station, '')
        end as value,
        patient_id, patient_name, patient_sex, patient_birth_date, accession, body_part, view, laterality,
        operator, station,
        acquired_at::varchar as acquired_at,
        pixel_spacing::varchar as pixel_spacing
    from image
    where
        ($begin::timestamp is null or received_at >= $begin::timestamp)
        and ($end::timestamp is null or received_at < $end::timestamp)
),
standing as (
    from arrived
    unpivot include nulls (
        known for item in (
            patient_id, patient_name, patient_sex, patient_birth_date, accession, body_part, view, laterality,
            operator, station, acquired_at, pixel_spacing
        )
    )
),
-- The first line of an image in the journal holds what it came with; it only matters where it was corrected.
birth as (
    select journal.id as image_id, arg_min(journal.data, journal.seq) as data
    from journal
    where
        journal.subject = 'image'
        and journal.id in (select id from journal where subject = 'image' and event = 'edit')
    group by journal.id
)
select
    standing.value,
    standing.item,
    count(*) as images,
    count(*) filter (where came.nothing) as missing_at_receipt,
    count(*) filter (where came.nothing and nullif(standing.known, '') is not null) as corrected,
    count(*) filter (where nullif(standing.known, '') is null) as missing_now,
    100.0 * count(*) filter (where not came.nothing) / count(*) as complete_at_receipt
from standing
left join birth using (image_id)
cross join lateral (
    select nullif(
        case when birth.data is null then standing.known else birth.data->>standing.item end, ''
    ) is null as nothing
) as came
group by all
order by standing.value, missing_at_receipt desc, standing.item
