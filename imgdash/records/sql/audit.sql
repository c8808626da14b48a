-- Title: Audit and amendments
-- Number: 11
-- What: Who did what to what, when and why, as the journal has it, with its chain of hashes.
-- Source: RECORDS.md 11; PS3.15 A.5; ARCHITECTURE.md decision 5
-- Parameter: begin timestamp; at or after
-- Parameter: end timestamp; before
-- Parameter: by varchar; only this person or machine
-- Parameter: subject varchar; only image, order, step, queue, request, note, exposure, preference, user or station
-- Parameter: id varchar; only this one
-- Parameter: event varchar; only this event
-- Parameter: amendments boolean = false; only what corrects, takes back or signs
-- Column: seq
-- Column: at
-- Column: by
-- Column: subject
-- Column: id
-- Column: event
-- Column: why
-- Column: changed; ; names of the columns that were set
-- Column: hash
-- First: at, by, event, subject, why, changed, id, seq
-- Draw: table
select
    seq,
    "at",
    "by",
    subject,
    id,
    event,
    nullif(why, '') as why,
    nullif(array_to_string(json_keys(data), ', '), '') as changed,
    hash
from journal
where
    ($begin::timestamp is null or "at" >= $begin::timestamp)
    and ($end::timestamp is null or "at" < $end::timestamp)
    and ($by::varchar is null or "by" = $by::varchar)
    and ($subject::varchar is null or subject = $subject::varchar)
    and ($id::varchar is null or id = $id::varchar)
    and ($event::varchar is null or event = $event::varchar)
    and (
        not $amendments::boolean
        or event in ('edit', 'undo', 'restore', 'withdraw', 'reopen', 'amend', 'sign', 'justify', 'delete', 'cancel')
    )
order by seq
