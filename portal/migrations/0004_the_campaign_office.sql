-- The campaign office: programmes, phases, a form without code, assessment, views, long work, imports, conditions and
-- reminders, versions and pictures of letters, second factors, roles, invitations.

-- ---------------------------------------------------------------------------------------------- long work
-- What takes longer than a page: a worker does it, item by item or as a whole; rows say how far it is, not a cursor.
create table job (
    id          bigint      generated always as identity primary key,
    kind        text        not null,               -- status, assign, import, export, regenerate ...
    campaign_id int,
    account_id  int         references account on delete set null,   -- whose rights it runs with, looked up each time
    what        jsonb       not null default '{}',  -- what was asked for
    state       text        not null default 'waiting'
                check (state in ('waiting', 'running', 'paused', 'done', 'failed', 'cancelled')),
    total       int         not null default 0,
    done        int         not null default 0,
    refused     int         not null default 0,     -- items that could not be done, each with its reason
    problem     text        not null default '',    -- why the whole failed, in a word of jobs.words
    result      jsonb       not null default '{}',
    created_at  timestamptz not null default now(),
    started_at  timestamptz,
    ended_at    timestamptz,
    lease_until timestamptz,                        -- who works on it says so again and again
    paced_at    timestamptz,                        -- since when its pace is measured, and how much was done then
    paced_from  int         not null default 0,
    version     int         not null default 1
);
create index job_open on job (id) where state in ('waiting', 'running');
create index job_latest on job (account_id, id desc);

create table job_item (
    job_id  bigint not null references job on delete cascade,
    item_id bigint not null,
    state   text   not null default 'waiting' check (state in ('waiting', 'done', 'refused')),
    reason  text   not null default '',
    primary key (job_id, item_id)
);
create index job_item_waiting on job_item (job_id, item_id) where state = 'waiting';

-- ---------------------------------------------------------------------------------------------- programmes, phases
create table programme (
    id          int         generated always as identity primary key,
    title       jsonb       not null,
    description jsonb       not null default '{}',
    created_at  timestamptz not null default now(),
    version     int         not null default 1
);

alter table campaign
    add column programme_id  int  references programme on delete set null,
    add column archived_at   timestamptz,
    add column first_phase   jsonb not null default '{}',   -- how the initial phase is called; {}: "Application"
    add column resubmission  bool not null default false,   -- a submitted dossier may be changed until the closing
    add column withdrawal    bool not null default true,    -- a candidate may withdraw
    add column assigned_only bool not null default false;   -- evaluators see the dossiers assigned to them, no others

-- Phases after the initial one. The initial phase is the campaign itself: its dates, the questions without a phase.
-- A dossier that is in `entry_status_id` may fill in the phase's form while it is open; submitted, it gets to
-- `submitted_status_id`.
create table phase (
    id                  int       generated always as identity primary key,
    campaign_id         int       not null references campaign on delete cascade,
    title               jsonb     not null,
    description         jsonb     not null default '{}',
    opens_at            timestamp,                  -- local wall time in the campaign's time_zone
    closes_at           timestamp,
    entry_status_id     int       references status,
    submitted_status_id int       references status,
    position            int       not null,
    version             int       not null default 1,
    check (closes_at > opens_at)
);
create index phase_campaign on phase (campaign_id, position);

alter table status add column phase_id int references phase on delete set null;     -- null: of the initial phase

create table phase_submission (
    dossier_id   bigint      not null references dossier on delete cascade,
    phase_id     int         not null references phase on delete cascade,
    saved_at     timestamptz not null default now(),
    submitted_at timestamptz,
    primary key (dossier_id, phase_id)
);
create index phase_submission_phase on phase_submission (phase_id, submitted_at);

-- ---------------------------------------------------------------------------------------------- the form
alter table question drop constraint question_kind_check;
alter table question
    add column phase_id   int   references phase on delete cascade,     -- null: the initial phase
    add column settings   jsonb not null default '{}',  -- limits of its kind: least, most, pattern, example, types, size, files
    add column shown_if   jsonb not null default '{}',  -- {"question": key, "is": [values]}; {}: always
    add column retired_at timestamptz,                  -- taken off the form; the answers given are still shown
    add constraint question_kind_check check (kind in ('section', 'short', 'long', 'choice', 'choices', 'number', 'date',
        'country', 'email', 'phone', 'pattern', 'file', 'consent'));
alter table dossier_file drop constraint dossier_file_dossier_id_question_key_key;   -- a question may take several files
create index dossier_file_dossier on dossier_file (dossier_id, question_key, id);

alter table dossier
    add column withdrawn_at    timestamptz,
    add column withdrawal_note text not null default '';

-- ---------------------------------------------------------------------------------------------- assessment
create table assignment (
    dossier_id  bigint      not null references dossier on delete cascade,
    account_id  int         not null references account on delete cascade,
    assigned_at timestamptz not null default now(),
    assigned_by int         references account on delete set null,
    primary key (dossier_id, account_id)
);
create index assignment_account on assignment (account_id, dossier_id);

-- An evaluator who must not judge a dossier: never assigned to it, by hand or evenly.
create table conflict_of_interest (
    dossier_id  bigint      not null references dossier on delete cascade,
    account_id  int         not null references account on delete cascade,
    reason      text        not null default '',
    declared_at timestamptz not null default now(),
    declared_by int         references account on delete set null,
    primary key (dossier_id, account_id)
);
create index conflict_of_interest_account on conflict_of_interest (account_id, dossier_id);

create table note (
    id          bigint      generated always as identity primary key,
    dossier_id  bigint      not null references dossier on delete cascade,
    account_id  int         references account on delete set null,
    author_name text        not null,
    body        text        not null,
    at          timestamptz not null default now(),
    changed_at  timestamptz,
    version     int         not null default 1
);
create index note_dossier on note (dossier_id, id);

create table criterion (
    id          int          generated always as identity primary key,
    campaign_id int          not null references campaign on delete cascade,
    label       jsonb        not null,
    help        jsonb        not null default '{}',
    most        int          not null default 5 check (most between 1 and 1000),    -- points from 0 to this
    weight      numeric(6,2) not null default 1 check (weight > 0),
    position    int          not null,
    version     int          not null default 1
);
create index criterion_campaign on criterion (campaign_id, position);

create table score (
    dossier_id   bigint       not null references dossier on delete cascade,
    criterion_id int          not null references criterion on delete cascade,
    account_id   int          not null references account on delete cascade,
    points       numeric(6,2) not null check (points >= 0),
    comment      text         not null default '',
    at           timestamptz  not null default now(),
    version      int          not null default 1,
    primary key (dossier_id, criterion_id, account_id)
);
create index score_criterion on score (criterion_id, points);

-- ---------------------------------------------------------------------------------------------- views
create table custom_view (
    id          int         generated always as identity primary key,
    module      text        not null check (module in ('dossiers', 'candidates', 'contacts', 'companies')),
    campaign_id int         references campaign on delete cascade,
    name        text        not null,
    owner_id    int         not null references account on delete cascade,
    shared      bool        not null default false,
    opens_first bool        not null default false, -- the list opens with it, for its owner
    filters     jsonb       not null default '{}',  -- as the list's query string says them
    columns     text[]      not null default '{}',  -- {}: the usual ones
    created_at  timestamptz not null default now(),
    changed_at  timestamptz not null default now(),
    version     int         not null default 1
);
create index custom_view_owner on custom_view (owner_id, module);

-- The orders of a campaign's list: each page is a walk along its index.
create index dossier_number on dossier (campaign_id, number, id);
create index dossier_submitted on dossier (campaign_id, coalesce(submitted_at, 'epoch'::timestamptz) desc, id desc);
create index dossier_name on dossier (campaign_id, folded(last_name || ' ' || first_name), id);

-- ---------------------------------------------------------------------------------------------- imports
create table import_file (
    id          bigint      generated always as identity primary key,
    kind        text        not null check (kind in ('people', 'dossiers')),
    campaign_id int         references campaign on delete cascade,
    account_id  int         references account on delete set null,
    name        text        not null,               -- as it was uploaded; shown, never a path
    stored_as   text        not null unique,        -- random name under the data folder
    size        bigint      not null,
    sha256      bytea       not null,
    reading     jsonb       not null default '{}',  -- how it is read: format, encoding, delimiter, sheet
    header      text[]      not null default '{}',
    rows        int         not null default 0,
    mapping     jsonb       not null default '{}',  -- field -> column number
    options     jsonb       not null default '{}',  -- what to do with people and dossiers that are there already ...
    state       text        not null default 'uploaded'
                check (state in ('uploaded', 'checking', 'checked', 'importing', 'done', 'failed', 'cancelled')),
    job_id      bigint      references job on delete set null,
    counts      jsonb       not null default '{}',  -- new, changed, unchanged, wrong
    created_at  timestamptz not null default now(),
    ended_at    timestamptz,
    version     int         not null default 1
);
create index import_file_latest on import_file (account_id, id desc);

create table import_problem (
    import_id bigint not null references import_file on delete cascade,
    line      int    not null,                      -- as a spreadsheet numbers them; the header is 1
    field     text   not null default '',
    problem   text   not null,                      -- a word of imports.words
    value     text   not null default '',
    primary key (import_id, line, field, problem)
);

-- ---------------------------------------------------------------------------------------------- triggers
-- The family 'deadline' writes so many days before a phase closes to the dossiers that are in `from_status_id` (B07).
alter table trigger drop constraint trigger_family_check, drop constraint trigger_check;
alter table trigger
    add column phase_id    int   references phase on delete cascade,    -- null: the initial phase
    add column conditions  jsonb not null default '{}',  -- {"locales": [], "evaluators": [], "answers": [{key, is}]}
    add column stop        bool  not null default false, -- once it has matched, no later trigger of its family is asked
    add column days_before int   check (days_before between 0 and 365),
    add column at_time     time,                         -- local wall time in the campaign's zone
    add constraint trigger_family_check check (family in ('candidate', 'manager', 'deadline')),
    add constraint trigger_manager_check check (family <> 'manager' or to_status_id is not null),
    add constraint trigger_deadline_check check (family <> 'deadline' or (days_before is not null and at_time is not null));

-- What became of each reminder on its day: one row, whatever happens to the clock.
create table reminder (
    trigger_id int         not null references trigger on delete cascade,
    due_at     timestamptz not null,
    state      text        not null default 'due' check (state in ('due', 'done', 'late', 'dropped')),
    messages   int         not null default 0,
    at         timestamptz not null default now(),
    id         bigint      generated always as identity unique,
    reached    bigint      not null default 0,      -- dossiers up to this id have been written to: who goes on starts here
    decided_by int         references account on delete set null,    -- who had a late one sent after all, or skipped
    decided_at timestamptz,
    primary key (trigger_id, due_at)
);
create index reminder_open on reminder (state, due_at) where state in ('due', 'late');

-- Every trigger considered at every event, the first condition that failed, or the messages (B02).
create table decision (
    id           bigint      generated always as identity primary key,
    at           timestamptz not null default now(),
    campaign_id  int         not null,
    dossier_id   bigint      not null references dossier on delete cascade,
    event        text        not null check (event in ('submitted', 'status', 'deadline')),
    event_id     bigint      not null,              -- status_change.id; of a deadline its minute since 1970
    trigger_id   int         not null,              -- no foreign key: what was decided outlives the trigger
    trigger_name text        not null,
    why_not      text        not null default '',   -- '': it matched
    details      jsonb       not null default '{}',
    message_ids  bigint[]    not null default '{}'
);
create index decision_dossier on decision (dossier_id, id);
create index decision_campaign on decision (campaign_id, id);
create index decision_trigger on decision (trigger_id, id) where why_not not in ('other_family', 'other_status');

-- Dossiers that have got a decision, until its letter has left (B05): all that can be untold, and little more. A row
-- comes with the status, whoever sets it; a sweep takes it away (triggers/telling.py).
create table to_tell (dossier_id bigint primary key references dossier on delete cascade)
    with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
          autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000);
create function to_tell() returns trigger language plpgsql as $$
begin
    insert into to_tell select new.id from status s where s.id = new.status_id and s.is_decision on conflict do nothing;
    return null;
end $$;
create trigger dossier_decided after insert or update of status_id on dossier
    for each row execute function to_tell();
create function all_to_tell() returns trigger language plpgsql as $$
begin
    insert into to_tell select d.id from dossier d where d.status_id = new.id on conflict do nothing;
    return null;
end $$;
create trigger status_decides after update of is_decision on status
    for each row when (new.is_decision and not old.is_decision) execute function all_to_tell();
insert into to_tell select d.id from dossier d join status s on s.id = d.status_id where s.is_decision;

-- Until now the history of a dossier held what was decided.
insert into decision (at, campaign_id, dossier_id, event, event_id, trigger_id, trigger_name, why_not, message_ids)
select e.at, e.campaign_id, e.dossier_id, case when h.from_id is not null and not h.manual and s.key = 'submitted'
           then 'submitted' else 'status' end,
       h.id, x.trigger, x.name, coalesce(x.why_not, ''), coalesce(x.messages, '{}')
from timeline_event e
join status_change h on h.id = (e.details ->> 'change_id')::bigint
join status s on s.id = h.to_id
join dossier d on d.id = e.dossier_id
cross join lateral jsonb_to_recordset(e.details -> 'decisions') as x(
    trigger int, name text, why_not text, messages bigint[])
where e.what = 'triggers.considered'
order by e.id, x.trigger;

-- ---------------------------------------------------------------------------------------------- templates
alter table template
    add column owner_id    int    references account on delete set null,
    add column shared      bool   not null default true,
    add column labels      text[] not null default '{}',
    add column note        text   not null default '',     -- what it is for
    add column search      text   generated always as (folded(name || ' ' || note)) stored;
update template set owner_id = created_by;
create index template_labels on template using gin (labels);

-- A letter edited for one recipient is a version of its own, outside the numbered ones.
alter table template_version
    alter column number drop not null,
    add column for_message bigint,                  -- message.id
    add column note        text not null default '',       -- what was changed, and why
    add column restored    int,                     -- the number of the version it repeats
    add constraint template_version_number_check check (num_nonnulls(number, for_message) = 1);
create index template_version_saved on template_version (template_id, id desc);

create table template_attachment (
    version_id    int    not null references template_version on delete cascade,
    attachment_id bigint not null references attachment,
    position      int    not null default 0,
    primary key (version_id, attachment_id)
);

create table picture (                              -- served under /pictures/{key}; never changes
    id         bigint      generated always as identity primary key,
    key        text        not null unique,
    name       text        not null,
    media_type text        not null check (media_type in ('image/png', 'image/jpeg', 'image/gif')),
    width      int         not null,
    height     int         not null,
    content    bytea       not null,
    sha256     bytea       not null unique,
    created_by int         references account on delete set null,
    created_at timestamptz not null default now()
);
alter table picture alter content set storage external;

alter table organisation
    add column logo_id bigint references picture on delete set null,
    add column footer  jsonb not null default '{}',         -- by locale: a line or two under every letter
    add column second_factor text[] not null default '{}';  -- roles that must have one

-- ---------------------------------------------------------------------------------------------- accounts
create table role (                                 -- made by administrators, beside the four of the house
    id      int    generated always as identity primary key,
    key     text   not null unique check (key ~ '^[a-z][a-z0-9_]*$'),
    name    text   not null,
    rights  text[] not null default '{}',
    version int    not null default 1
);

alter table account
    alter column password_hash drop not null,       -- null: invited, or signs in elsewhere
    add column invited_at     timestamptz,
    add column deactivated_at timestamptz,
    add column totp_secret    bytea,                -- encrypted with PORTAL_SECRET_KEY
    add column totp_since     timestamptz,          -- null: not confirmed yet
    add column totp_step      bigint not null default 0,    -- the last one used: a code works once
    add column oidc_issuer    text,
    add column oidc_subject   text,
    add constraint account_oidc_unique unique (oidc_issuer, oidc_subject);

create table recovery_code (
    account_id int         not null references account on delete cascade,
    code_hash  bytea       not null,
    used_at    timestamptz,
    primary key (account_id, code_hash)
);

create table account_link (                         -- invitations and resets: once, hashed, for a while
    token_hash bytea       primary key,
    account_id int         not null references account on delete cascade,
    purpose    text        not null check (purpose in ('invitation', 'reset')),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index account_link_account on account_link (account_id);

create table sign_in_failure (                      -- wrong passwords and codes: too many lock for a while
    subject text        not null,                   -- account:7, address:203.0.113.9
    at      timestamptz not null default now()
);
create index sign_in_failure_subject on sign_in_failure (subject, at);

alter table session add column half bool not null default false;   -- the second factor is still to come

-- The audit page: everything, by what and by whom.
create index timeline_account on timeline_event (account_id, id) where account_id is not null;
create index timeline_what on timeline_event (what, id);
create index timeline_thing on timeline_event (subject, subject_id, id)
    where subject not in ('message', 'sender', 'dossier', 'person', 'campaign');     -- those have indexes of their own
create index timeline_campaign_own on timeline_event (campaign_id, id) where dossier_id is null;  -- its own history
create index timeline_at on timeline_event using brin (at) with (autosummarize = on);

-- ---------------------------------------------------------------------------------------------- many dossiers
-- What pages count over a whole campaign is counted in an index: a dossier never changes its campaign.
create index dossier_facts on dossier (campaign_id, id) include (status_id, withdrawn_at);
create index dossier_locale on dossier (campaign_id, locale);

alter table assignment add column campaign_id int;  -- the dossier's, so that loads are counted without the dossiers
create function of_dossiers_campaign() returns trigger language plpgsql as $$
begin
    select d.campaign_id into new.campaign_id from dossier d where d.id = new.dossier_id;
    return new;
end $$;
create trigger assignment_campaign before insert on assignment
    for each row when (new.campaign_id is null) execute function of_dossiers_campaign();
create index assignment_campaign on assignment (campaign_id, account_id);
