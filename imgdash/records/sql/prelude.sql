-- Words that the reports share; they are temporary and belong to one cursor.
-- The macros reason_text(code) and quantity_text(name) come from imgdash.model and are made beside these.

-- Where it was done: the room, or the station where no room is known.
create or replace temp macro place(room, station) as coalesce(nullif(room, ''), nullif(station, ''));

-- Age bands of the ACR dose index registry (digital radiography), in years.
create or replace temp macro age_band(age) as case
    when age is null then null
    when age < 1 then '<1'
    when age < 5 then '1-<5'
    when age < 10 then '5-<10'
    when age < 15 then '10-<15'
    when age < 18 then '15-<18'
    else '18+'
end;

-- Irradiation events as they stand: an amended row gives way to the row that amends it.
create or replace temp view current_exposure as
select *
from exposure
where event_uid not in (select amends from exposure where amends <> '');

-- Images that were found not good enough, each once. A reject is never shown to the radiologist, a repeat is
-- archived as well (AAPM TG-305): so says the reviewer; for a new exposure asked of HIS/RIS the outputs say it.
create or replace temp view rejected_image as
with verdict as (
    select
        id as image_id,
        arg_max(event, seq) as event,
        arg_max(coalesce(data->>'kind', 'reject'), seq) as kind,
        arg_max(data->>'reason', seq) as reason,
        max("at") as "at",
        arg_max("by", seq) as "by"
    from journal
    where subject = 'image' and event in ('reject', 'restore')
    group by id
),
asked as (
    select
        image_id,
        arg_max(reason, created_at) as reason,
        max(created_at) as "at",
        arg_max("by", created_at) as "by"
    from request
    where ask = 'reradiograph' and state not in ('proposed', 'withdrawn')
    group by image_id
),
shown as (
    select distinct image_id from queue where state = 'done' and image_id in (select image_id from asked)
)
select image_id, kind, reason, "at", "by"
from verdict
where event = 'reject'
union all
select
    asked.image_id,
    case when shown.image_id is null then 'reject' else 'repeat' end,
    asked.reason,
    asked."at",
    asked."by"
from asked
left join shown using (image_id)
where asked.image_id not in (select image_id from verdict where event = 'reject');

-- Irradiation events whose image, or an image that was made of them again, was found not good enough.
create or replace temp view rejected_exposure as
with recursive rejected as materialized (select * from rejected_image),
orphan as (
    select rejected.image_id as rejected, image.replaces as image_id
    from rejected
    join image using (image_id)
    where image.replaces <> '' and image.image_id not in (select image_id from exposure where image_id is not null)
    union
    select orphan.rejected, image.replaces
    from orphan
    join image using (image_id)
    where image.replaces <> '' and image.image_id not in (select image_id from exposure where image_id is not null)
),
traced as (
    select image_id as rejected, image_id from rejected
    union all
    select rejected, image_id from orphan
)
select
    current_exposure.event_uid,
    arg_min(rejected.kind, rejected."at") as kind,
    arg_min(rejected.reason, rejected."at") as reason,
    min(rejected."at") as "at",
    arg_min(rejected."by", rejected."at") as "by"
from traced
join rejected on rejected.image_id = traced.rejected
join current_exposure on current_exposure.image_id = traced.image_id
group by current_exposure.event_uid;

-- Diagnostic reference levels of the site (they differ by country): preference 'station/drl', a list of
-- {"body_part", "view", "age_band", "kap", "source"}, kap in dGy·cm².
create or replace temp view reference_level as
with listed as (
    select unnest(
        from_json(
            value,
            '[{"body_part": "VARCHAR", "view": "VARCHAR", "age_band": "VARCHAR", "kap": "DOUBLE", "source": "VARCHAR"}]'
        ),
        recursive := true
    )
    from preference
    where id = 'station/drl'
)
select
    upper(body_part) as body_part,
    upper(view) as view,
    coalesce(age_band, '18+') as age_band,
    min(kap) as kap,
    first(source) as source
from listed
group by all;

-- Amendments of one irradiation event share what stands before the '#'.
create or replace temp macro root(event_uid) as split_part(event_uid, '#', 1);

-- Why a reference level was exceeded: what was said last.
create or replace temp view justification as
select root(id) as root, arg_max(why, seq) as why, arg_max("by", seq) as "by", max("at") as "at"
from journal
where subject = 'exposure' and event = 'justify'
group by all;
