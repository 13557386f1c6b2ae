-- Mailings: to whom (companies, criteria, views), what and when (mailings, schedules, autoresponders), within which
-- limits, and what people wish to get.

-- ---------------------------------------------------------------------------------------------- people
create table company (
    id         bigint      generated always as identity primary key,
    name       text        not null,
    sector     text        not null default '',
    country    text        not null default '',     -- ISO 3166-1 alpha-2
    city       text        not null default '',
    website    text        not null default '',
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    version    int         not null default 1,
    search     text        generated always as (folded(name || ' ' || sector || ' ' || city)) stored
);
create index company_search on company using gin (search gin_trgm_ops);
create index company_changed on company (changed_at desc, id desc);

alter table person
    add column company_id bigint references company on delete set null,
    add column owner_id   int    references account on delete set null,    -- the colleague who looks after this person
    add column phone      text   not null default '',
    add column tags       text[] not null default '{}';
create index person_company on person (company_id) where company_id is not null;
create index person_owner on person (owner_id) where owner_id is not null;
create index person_tags on person using gin (tags);

-- ---------------------------------------------------------------------------------------------- views
-- Criteria are a tree of rules and groups (portal.audiences.rules), beside the list's own filters. A frozen view is the
-- list of its members at that moment; a live one is looked up whenever it is used.
alter table custom_view
    add column criteria  jsonb not null default '{}',
    add column frozen_at timestamptz;
create table custom_view_member (
    view_id   int    not null references custom_view on delete cascade,
    record_id bigint not null,                      -- a person's id, or a dossier's, as the view's module says
    primary key (view_id, record_id)
);

-- ---------------------------------------------------------------------------------------------- wishes
-- Kinds of optional e-mail that people choose among. A template of no topic is stopped by the general opt-out alone.
create table topic (
    id          int   generated always as identity primary key,
    name        jsonb not null,
    description jsonb not null default '{}',
    position    int   not null default 0,
    version     int   not null default 1
);
alter table template add column topic_id int references topic on delete set null;
create table topic_opt_out (
    address  citext      not null,
    topic_id int         not null references topic on delete cascade,
    source   text        not null default '',
    at       timestamptz not null default now(),
    primary key (address, topic_id)
);
create index topic_opt_out_topic on topic_opt_out (topic_id);
create index topic_opt_out_at on topic_opt_out (at);

-- Expired ones are taken away by the timetable, so that the sender need not look at a clock.
alter table suppression
    drop constraint suppression_reason_check,
    add constraint suppression_reason_check
        check (reason in ('opted_out', 'suppressed_bounce', 'complaint', 'taking_a_break', 'by_hand')),
    add column expires_at timestamptz,
    add column note       text not null default '';
create index suppression_expires on suppression (expires_at) where expires_at is not null;
create index suppression_latest on suppression (at desc, (address::text) desc, scope desc);

-- What people agreed to or took back, in the words that they read: never changed, only added to.
create table consent (
    id        bigint      generated always as identity primary key,
    person_id bigint      not null references person on delete cascade,
    what      text        not null check (what in ('optional_mail', 'topic', 'tracking')),
    topic_id  int         references topic on delete set null,
    given     bool        not null,
    wording   text        not null default '',
    locale    text        not null default '',
    source    text        not null default '',      -- preferences, letter, one_click, import, by_hand, form
    at        timestamptz not null default now()
);
create index consent_person on consent (person_id, id);

-- ---------------------------------------------------------------------------------------------- limits
alter table organisation
    add column mass_cap        int  check (mass_cap >= 0),      -- mass mail, schedules and autoresponders a day; null: none
    add column account_cap     int  check (account_cap >= 0),   -- of these, what one account may send a day
    add column limit_zone      text not null default 'utc' check (limit_zone in ('utc', 'organisation')),
    add column person_cap      int  check (person_cap > 0),     -- optional e-mails to one address ...
    add column person_cap_days int  not null default 7 check (person_cap_days between 1 and 90),    -- ... in so many days
    add column approval_over   int  check (approval_over >= 0), -- a second person approves mailings to more than this
    add column trial_mode      bool not null default false,     -- only colleagues' addresses get mass mail
    add column slots           int  not null default 3 check (slots between 1 and 100),
    add column slot_minutes    int  not null default 30 check (slot_minutes between 1 and 1440),
    add column drift_percent   int  not null default 20 check (drift_percent between 0 and 100);

alter table origin add column account_id int;       -- whose daily limit counts beside the organisation's; null: nobody's

-- The day's limits are pools that batches draw on, several at once: 'sender:3', 'organisation', 'account:7'. What is
-- under way while this is installed goes back to where it was taken from.
alter table batch add column pools text[] not null default '{}';   -- what `reserved` was taken from, in each of them
update batch b set pools = array['sender:' || o.sender_id] from origin o where o.id = b.origin_id and b.reserved > 0;
alter table quota rename to old_quota;
alter table old_quota drop constraint quota_pkey;
create table quota (                                -- reserved when a batch is claimed, given back when it ends
    pool text not null,
    day  date not null,
    used int  not null default 0,
    primary key (pool, day)
) with (fillfactor = 20);
insert into quota (pool, day, used) select 'sender:' || sender_id, day, used from old_quota;
drop table old_quota;

-- The day that limits are counted by: UTC's, or the organisation's own; and the instant at which the next one begins,
-- which clocks that are put forward or back at midnight may show twice, or not as midnight.
create function limit_zone() returns text language sql stable as $$
    select coalesce((select case limit_zone when 'organisation' then time_zone end from organisation), 'UTC') $$;
create function limit_day() returns date language sql stable as $$
    select (now() at time zone limit_zone())::date $$;
create function limit_reset() returns timestamptz language sql stable as $$
    select min(t.at) from (select limit_zone() as zone, limit_day() + 1 as day) x
    cross join lateral (
        select x.day::timestamp at time zone x.zone - early as at
        from unnest('{0,30 minutes,1 hour,2 hours}'::interval[]) early) t
    where (t.at at time zone x.zone)::date >= x.day $$;

-- Why messages of an origin did not go: counted by index alone. Like those indexes it knows no ordinary message.
create index message_why on message (origin_id, attention, ended_for) where attention is not null;

-- ---------------------------------------------------------------------------------------------- mailings
create table schedule (
    id            int         generated always as identity primary key,
    name          text        not null,
    module        text        not null check (module in ('candidates', 'contacts', 'dossiers')),
    campaign_id   int         references campaign on delete cascade,
    view_id       int         references custom_view on delete set null,
    template_id   int         references template on delete set null,
    per           text        not null default 'person' check (per in ('person', 'dossier')),
    from_kind     text        not null default 'organisation' check (from_kind in ('account', 'organisation', 'owner', 'template')),
    reply_kind    text        not null default 'organisation' check (reply_kind in ('account', 'organisation', 'owner', 'template')),
    active        bool        not null default false,
    starts_at     timestamp   not null,             -- local wall time in time_zone; the first run
    time_zone     text        not null,
    rule          text        not null default '',  -- RFC 5545 RRULE; '': once
    days_before   int         check (days_before between 0 and 365),   -- before the campaign closes, at starts_at's time
    next_at       timestamptz,                      -- null: no further run
    seen_at       timestamptz,                      -- when its audience was last looked at and found right (B13)
    owner_id      int         references account on delete set null,
    created_at    timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    version       int         not null default 1
);
create index schedule_next on schedule (next_at) where active and next_at is not null;
create table schedule_seen (                        -- the audience as it was then
    schedule_id int    not null references schedule on delete cascade,
    record_id   bigint not null,
    primary key (schedule_id, record_id)
);

create table mailing (
    id           int         generated always as identity primary key,
    name         text        not null,
    module       text        not null default 'candidates' check (module in ('candidates', 'contacts', 'dossiers')),
    campaign_id  int         references campaign on delete set null,    -- whose facts are merge fields; null: none
    audience     text        not null default 'criteria' check (audience in ('view', 'criteria', 'picked')),
    view_id      int         references custom_view on delete set null,
    criteria     jsonb       not null default '{}',
    template_id  int         references template on delete set null,
    version_id   int,                               -- the template's version, frozen at the launch
    per          text        not null default 'person' check (per in ('person', 'dossier')),
    from_kind    text        not null default 'organisation' check (from_kind in ('account', 'organisation', 'owner', 'template')),
    reply_kind   text        not null default 'organisation' check (reply_kind in ('account', 'organisation', 'owner', 'template')),
    trial        bool        not null default false,
    state        text        not null default 'draft' check (state in ('draft', 'approval', 'scheduled', 'waiting', 'starting',
                     'running', 'paused', 'finished', 'cancelled', 'needs_decision')),
    problem      text        not null default '',   -- why it needs a decision or waits, in a word of mailings.words
    starts_at    timestamp,                         -- local wall time in time_zone; null: at once
    time_zone    text        not null default 'UTC',
    due_at       timestamptz,                       -- the same as an instant, when it has been launched
    schedule_id  int         references schedule on delete set null,
    follows_id   int         references mailing on delete set null,     -- written to those who did not get or answer it
    expected     int,                               -- the number on the button that was pressed
    total        int,                               -- rows planned, frozen at the start
    hold_seconds int         not null default 60,   -- time to undo after the start
    asked_by     int         references account on delete set null,     -- who wants it approved
    approved_by  int         references account on delete set null,
    launched_by  int         references account on delete set null,
    launched_at  timestamptz,
    started_at   timestamptz,
    ended_at     timestamptz,
    created_by   int         references account on delete set null,
    created_at   timestamptz not null default now(),
    changed_by   int         references account on delete set null,
    changed_at   timestamptz not null default now(),
    version      int         not null default 1
);
create index mailing_latest on mailing (changed_at desc, id desc);
create index mailing_due on mailing (due_at) where state in ('scheduled', 'waiting', 'starting');
create index mailing_live on mailing (id) where state in ('running', 'paused');
create index mailing_campaign on mailing (campaign_id, id desc) where campaign_id is not null;
drop index timeline_subject;
create index timeline_subject on timeline_event (subject, subject_id, id)
    where subject in ('message', 'sender', 'origin', 'ledger', 'mailing', 'schedule');
create table mailing_pick (
    mailing_id int    not null references mailing on delete cascade,
    record_id  bigint not null,
    primary key (mailing_id, record_id)
);

-- One row for each time a schedule was due, whatever happens to clocks: it never runs twice for the same time.
create table schedule_run (
    schedule_id int         not null references schedule on delete cascade,
    due_at      timestamptz not null,
    state       text        not null check (state in ('started', 'waiting', 'late', 'drifted', 'broken', 'dropped')),
    problem     text        not null default '',
    mailing_id  int         references mailing on delete set null,
    joined      int         not null default 0,     -- since its audience was last found right
    gone        int         not null default 0,
    at          timestamptz not null default now(),
    decided_by  int         references account on delete set null,
    decided_at  timestamptz,
    primary key (schedule_id, due_at)
);
create index schedule_run_open on schedule_run (due_at) where state in ('waiting', 'late', 'drifted', 'broken');

-- ---------------------------------------------------------------------------------------------- autoresponders
-- An e-mail that follows by itself: after a form, on a status whoever set it, or so many days from a date (Z30).
create table autoresponder (
    id          int         generated always as identity primary key,
    campaign_id int         not null references campaign on delete cascade,
    name        text        not null,
    cause       text        not null check (cause in ('submitted', 'status', 'date')),
    status_id   int         references status on delete cascade,
    question    text        not null default '',    -- cause date: the key of a question; '': the campaign's closing
    days        int         not null default 0 check (days between -365 and 365),
    hours       int         not null default 0 check (hours between 0 and 23),
    template_id int         not null references template,
    active      bool        not null default false,
    active_from timestamptz,                        -- what happened before is not answered
    looked_at   timestamptz,                        -- when a worker last found whom it is for
    created_by  int         references account on delete set null,
    created_at  timestamptz not null default now(),
    version     int         not null default 1,
    check (cause <> 'status' or status_id is not null)
);
create index autoresponder_active on autoresponder (id) where active;
create index autoresponder_campaign on autoresponder (campaign_id, id);
