-- Schema of the records. Every row is a projection of the journal: `imgdash doctor --rebuild` makes it anew.
-- Times are the wall clock of the station, as in DICOM. An unknown value is NULL or '', never 0.

create table station (key varchar primary key, value varchar);

-- What happened to what, by whom, why: one row for each transition (F3, R4, audit).
create table journal (
    seq bigint primary key, "at" timestamp not null, subject varchar not null, id varchar not null,
    event varchar not null, "by" varchar not null, why varchar not null, data json not null, hash varchar not null
);

-- The image header file (C2); columns are those of imgdash.model.ImageHeader.
create table image (
    image_id varchar primary key, number bigint not null, state varchar not null, file varchar not null,
    sop_class_uid varchar, sop_instance_uid varchar, study_uid varchar, series_uid varchar,
    transfer_syntax varchar, sender varchar, sender_host varchar, received_at timestamp,
    patient_id varchar, patient_name varchar, patient_sex varchar, patient_birth_date varchar,
    accession varchar, step_id varchar, modality varchar, body_part varchar, view varchar, laterality varchar,
    study_description varchar, series_description varchar, study_date varchar, study_time varchar, study_id varchar,
    referring_physician varchar, series_number varchar, instance_number varchar, station varchar, operator varchar,
    presentation_intent varchar, acquired_at timestamp, "rows" integer, "columns" integer, frames integer,
    bits_stored integer, pixel_spacing double[], condition varchar, condition_version integer,
    parameters json, overrides json, edits json, judgement json, outputs json, overlays json, ranges json,
    protected boolean default false, priority boolean default false, reason varchar,
    comment varchar, order_id varchar, request_id varchar, replaces varchar, replaced_by varchar,
    round integer default 0, duplicate_of varchar, confirmed_by varchar, confirmed_at timestamp, exposure json
);

-- The reservation file (C2, D4).
create table orders (
    order_id varchar primary key, accession varchar, state varchar not null, placer_number varchar,
    placer_namespace varchar, filler_number varchar, procedure_code varchar, procedure_text varchar, step_id varchar,
    study_uid varchar, modality varchar, station_ae varchar, body_part varchar, view varchar, condition varchar, physician varchar,
    indication varchar, instructions varchar, scheduled_at timestamp, priority boolean default false,
    parent varchar, source varchar, received_at timestamp,
    patient_id varchar, patient_name varchar, patient_sex varchar, patient_birth_date varchar
);

-- Performed procedure steps (MPPS).
create table step (
    step_uid varchar primary key, state varchar not null, step_id varchar, accession varchar, study_uid varchar,
    patient_id varchar, modality varchar, station_ae varchar, operator varchar, started_at timestamp,
    ended_at timestamp, reason varchar, facts json
);

-- The queue registration table (F3).
create table queue (
    entry_id varchar primary key, image_id varchar not null, apparatus varchar not null, state varchar not null,
    position double not null, priority boolean default false, output_uid varchar, transaction_uid varchar,
    attempts integer default 0, next_try_at timestamp, trouble varchar, registered_at timestamp,
    finished_at timestamp, due_at timestamp
);

-- Rounds of asking for a better image (R1-R7).
create table request (
    request_id varchar primary key, image_id varchar not null, chain varchar, round integer, state varchar not null,
    "to" varchar, peer varchar, ask varchar, reason varchar, parameters json, comment varchar, "by" varchar,
    order_number varchar, message_id varchar, attempts integer default 0, trouble varchar, answer varchar,
    contents json, created_at timestamp, sent_at timestamp, answered_at timestamp
);

-- Rejection notes (R9): one row for each storage that may hold a rejected image; `dataset` is the note itself.
create table note (
    note_id varchar primary key, image_id varchar not null, entry_id varchar, apparatus varchar, state varchar not null,
    reason varchar, sop_instance_uid varchar, dataset json, attempts integer default 0, answers integer default 0,
    trouble varchar, created_at timestamp, sent_at timestamp
);

-- What other machines are told of images and steps (D4, R5): HL7 status, instance availability, study, steps.
-- They are sent in the order of `created_at`, and of `place` where several were made in one change.
create table notice (
    notice_id varchar primary key, kind varchar not null, machine varchar not null, what varchar, image_id varchar,
    state varchar not null, content json, attempts integer default 0, answers integer default 0, trouble varchar,
    created_at timestamp, place integer, sent_at timestamp
);

-- Emission record: one flat row for each irradiation event, append-only (H3, RECORDS.md).
create table exposure (
    event_uid varchar primary key, image_id varchar, "at" timestamp, patient_id varchar, patient_name varchar,
    patient_sex varchar, patient_age double, accession varchar, physician varchar, indication varchar,
    modality varchar, station varchar, room varchar, operator varchar, body_part varchar, view varchar,
    laterality varchar, condition varchar, kvp double, mas double, exposure_ms double, distance_mm double,
    filter varchar, grid varchar, dap double, entrance_dose double, ei double, target_ei double, di double,
    signature varchar, amends varchar
);

-- Quality control of modalities: one row for each number measured on an image, with the limits then in force.
create table qc (
    qc_id varchar primary key, image_id varchar not null, "at" timestamp, sender varchar, station varchar,
    detector varchar, kind varchar, quantity varchar, axis varchar, value double, unit varchar, low double,
    high double, within boolean, measured_at timestamp
);

-- What each user set for himself (H4), and switches of apparatus and peers.
create table preference (id varchar primary key, value json);

create index image_number on image (number);
create index image_sop on image (sop_instance_uid);
create index image_accession on image (accession);
create index queue_image on queue (image_id);
