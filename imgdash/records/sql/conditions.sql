-- Title: Conditions used in a day
-- Number: 1b
-- What: How often each version of each condition key processed an image, day by day.
-- Source: FUNCTIONS.md H3 "list of conditions used in a day"
-- Parameter: begin timestamp; received at or after
-- Parameter: end timestamp; received before
-- Column: day
-- Column: condition
-- Column: condition_version
-- Column: images
-- Column: patients; ; known patient IDs
-- Column: changed_by_hand; ; images with parameters set by hand
-- Column: not_fit; ; images that were rejected or asked for again
-- Draw: bars; x = day; y = images; by = condition
select
    image.received_at::date as day,
    nullif(image.condition, '') as condition,
    nullif(image.condition_version, 0) as condition_version,
    count(*) as images,
    count(distinct nullif(image.patient_id, '')) as patients,
    count(*) filter (where len(json_keys(image.overrides)) > 0) as changed_by_hand,
    count(*) filter (where rejected_image.image_id is not null or image.state in ('requested', 'replaced')) as not_fit
from image
left join rejected_image using (image_id)
where
    ($begin::timestamp is null or image.received_at >= $begin::timestamp)
    and ($end::timestamp is null or image.received_at < $end::timestamp)
group by all
order by day, condition, condition_version
