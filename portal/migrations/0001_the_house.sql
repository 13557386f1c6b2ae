-- The house: organisation, people who sign in, people we write to, campaigns, dossiers, templates, triggers, history.
-- Texts that candidates read are jsonb by locale: {"es": "...", "fr": "..."}.

create extension if not exists citext;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

-- What the search boxes compare: no accents, no capitals. Immutable so that it can be indexed.
create function folded(text) returns text language sql immutable strict parallel safe
    as $$ select lower(public.unaccent('public.unaccent', $1)) $$;

-- ---------------------------------------------------------------------------------------------- organisation
create table sender (
    id            int     generated always as identity primary key,
    address       citext  not null unique,
    name          text    not null default '',
    bounce_domain text    not null,                 -- envelope senders live here (RFC 5321 4.5.5)
    verified      bool    not null default false,
    paused        bool    not null default false,
    daily_cap     int     check (daily_cap >= 0)    -- null: no limit
);

create table organisation (
    single         bool    primary key default true check (single),
    name           text    not null,
    postal_address text    not null default '',
    website        text    not null default '',
    brand_colour   text    not null default '#1f5c4d' check (brand_colour ~ '^#[0-9a-f]{6}$'),
    locale         text    not null default 'en',
    time_zone      text    not null default 'UTC',
    sender_id      int     references sender,
    version        int     not null default 1
);

-- ---------------------------------------------------------------------------------------------- accounts
create table account (
    id            int         generated always as identity primary key,
    email         citext      not null unique,
    name          text        not null,
    password_hash text        not null,
    roles         text[]      not null default '{}',
    locale        text        not null default 'en',
    time_zone     text        not null default 'UTC',
    active        bool        not null default true,
    created_at    timestamptz not null default now(),
    version       int         not null default 1
);

create table session (
    id_hash      bytea       primary key,           -- sha256 of the cookie: a dump of this table opens no door
    account_id   int         not null references account on delete cascade,
    created_at   timestamptz not null default now(),
    seen_at      timestamptz not null default now(),
    address      text        not null default '',
    agent        text        not null default '',
    toasts       jsonb       not null default '[]'
);
create index session_account on session (account_id);

create table api_key (
    id         int         generated always as identity primary key,
    account_id int         not null references account on delete cascade,
    key_hash   bytea       not null unique,
    hint       text        not null,                -- the first characters, to recognise it by
    rights     text[],                              -- null: all that the account has
    created_at timestamptz not null default now(),
    used_at    timestamptz,
    revoked_at timestamptz
);

create table idempotency (                          -- API: the answer to a POST, kept 24 hours
    account_id int         not null references account on delete cascade,
    key        text        not null,
    request    bytea       not null,                -- sha256 of method, path and body
    status     int,
    body       bytea,
    created_at timestamptz not null default now(),
    primary key (account_id, key)
);

-- ---------------------------------------------------------------------------------------------- people
create table person (
    id         bigint      generated always as identity primary key,
    kind       text        not null default 'candidate' check (kind in ('candidate', 'contact')),
    email      citext      unique,
    first_name text        not null default '',
    last_name  text        not null default '',
    locale     text        not null default 'en',
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    version    int         not null default 1,
    search     text        generated always as
               (folded(first_name || ' ' || last_name || ' ' || coalesce(email::text, ''))) stored
);
create index person_search  on person using gin (search gin_trgm_ops);
create index person_changed on person (changed_at desc, id desc);

-- ---------------------------------------------------------------------------------------------- campaigns
create table campaign (
    id             int         generated always as identity primary key,
    slug           text        not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    title          jsonb       not null,
    description    jsonb       not null default '{}',
    locales        text[]      not null,
    default_locale text        not null,
    time_zone      text        not null,
    opens_at       timestamp,                       -- local wall time in time_zone; null: open at once
    closes_at      timestamp,                       -- local wall time in time_zone; null: never closes
    published      bool        not null default false,
    number_prefix  text        not null unique,     -- two campaigns never give the same number
    last_number    int         not null default 0,
    created_at     timestamptz not null default now(),
    created_by     int         references account,
    version        int         not null default 1,
    check (closes_at > opens_at)
);

create table campaign_member (
    campaign_id int  not null references campaign on delete cascade,
    account_id  int  not null references account on delete cascade,
    role        text not null check (role in ('manager', 'evaluator')),
    primary key (campaign_id, account_id, role)
);
create index campaign_member_account on campaign_member (account_id);

create table status (
    id           int   generated always as identity primary key,
    campaign_id  int   not null references campaign on delete cascade,
    key          text  not null,
    label        jsonb not null,
    public_label jsonb not null,
    tone         text  not null default 'mute' check (tone in ('mute', 'ok', 'warn', 'bad', 'plum', 'teal')),
    position     int   not null,
    is_decision  bool  not null default false,
    protected    bool  not null default false,      -- draft and submitted: never deleted (E16)
    version      int   not null default 1,
    unique (campaign_id, key)
);

create table question (
    id          int   generated always as identity primary key,
    campaign_id int   not null references campaign on delete cascade,
    key         text  not null check (key ~ '^[a-z][a-z0-9_]*$'),
    kind        text  not null check (kind in ('short', 'long', 'choice', 'number', 'date', 'file')),
    label       jsonb not null,
    help        jsonb not null default '{}',
    required    bool  not null default false,
    choices     jsonb not null default '[]',        -- [{"key": "a", "label": {"en": "..."}}]
    max_length  int,
    position    int   not null,
    version     int   not null default 1,
    unique (campaign_id, key)
);

-- ---------------------------------------------------------------------------------------------- dossiers
create table dossier (
    id           bigint      generated always as identity primary key,
    campaign_id  int         not null references campaign,
    person_id    bigint      not null references person,
    number       text        not null unique,
    status_id    int         not null references status,
    locale       text        not null,
    first_name   text        not null default '',   -- as typed in this application; the person's own record is not
    last_name    text        not null default '',   -- overwritten by whoever knows an address
    answers      jsonb       not null default '{}',
    created_at   timestamptz not null default now(),
    submitted_at timestamptz,
    changed_at   timestamptz not null default now(),
    version      int         not null default 1,
    once         text        unique,                -- of the form that made it: a second click finds the first's dossier
    search       text        generated always as
                 (folded(number || ' ' || first_name || ' ' || last_name)) stored
);
create index dossier_campaign on dossier (campaign_id, changed_at desc, id desc);
create index dossier_changed  on dossier (changed_at desc, id desc);
create index dossier_status   on dossier (status_id, changed_at desc, id desc);
create index dossier_person   on dossier (person_id);
create index dossier_search   on dossier using gin (search gin_trgm_ops);

create table dossier_file (
    id           bigint      generated always as identity primary key,
    dossier_id   bigint      not null references dossier on delete cascade,
    question_key text        not null,
    name         text        not null,              -- as the candidate called it; shown, never a path
    stored_as    text        not null unique,       -- random name under the data folder
    media_type   text        not null,
    size         bigint      not null,
    sha256       bytea       not null,
    created_at   timestamptz not null default now(),
    unique (dossier_id, question_key)
);

create table status_change (
    id         bigint      generated always as identity primary key,
    dossier_id bigint      not null references dossier on delete cascade,
    from_id    int         references status,
    to_id      int         not null references status,
    actor_kind text        not null check (actor_kind in ('candidate', 'user', 'rule', 'import', 'api')),
    account_id int         references account,
    manual     bool        not null,                -- only these fire the manager family of triggers (E11)
    mode       text        check (mode in ('send', 'hold', 'silent')),
    reason     text        not null default '',
    at         timestamptz not null default now()
);
create index status_change_dossier on status_change (dossier_id, id);

-- ---------------------------------------------------------------------------------------------- e-mail templates
create table template (
    id          int         generated always as identity primary key,
    key         text        unique,                 -- 'acknowledgement': the one that new campaigns use
    name        text        not null,
    category    text        not null check (category in ('transactional', 'optional')),
    version_id  int,                                -- the version in force
    created_at  timestamptz not null default now(),
    created_by  int         references account,
    archived_at timestamptz
);

-- A version never changes: a message keeps the one it was planned with.
create table template_version (
    id              int         generated always as identity primary key,
    template_id     int         not null references template on delete cascade,
    number          int         not null,
    fallback_locale text        not null,
    sender_id       int         references sender,  -- null: the organisation's
    reply_to        text        not null default '',
    saved_at        timestamptz not null default now(),
    saved_by        int         references account,
    unique (template_id, number)
);
alter table template add foreign key (version_id) references template_version;

create table template_variant (
    version_id int  not null references template_version on delete cascade,
    locale     text not null,
    subject    text not null,
    preheader  text not null default '',
    body       text not null,                       -- html reduced to the allow-list, with merge fields
    primary key (version_id, locale)
);

-- ---------------------------------------------------------------------------------------------- triggers
create table trigger (
    id             int         generated always as identity primary key,
    campaign_id    int         not null references campaign on delete cascade,
    name           text        not null,
    family         text        not null check (family in ('candidate', 'manager')),
    template_id    int         not null references template,
    from_status_id int         references status on delete cascade,   -- null: from any status
    to_status_id   int         references status on delete cascade,   -- manager family: the status entered
    recipients     text[]      not null check (cardinality(recipients) > 0),
                               -- candidate, managers, evaluators, role:NAME, account:ID, address:a@b.example
    cc             text[]      not null default '{}',
    delay_minutes  int         not null default 0 check (delay_minutes between 0 and 60),
    active         bool        not null default true,
    position       int         not null default 0,
    created_at     timestamptz not null default now(),
    created_by     int         references account,
    version        int         not null default 1,
    check (family = 'candidate' or to_status_id is not null)
);
create index trigger_campaign on trigger (campaign_id, family, position, id);

-- ---------------------------------------------------------------------------------------------- history
create table timeline_event (
    id          bigint      generated always as identity primary key,
    at          timestamptz not null default clock_timestamp(),
    subject     text        not null,               -- campaign, dossier, person, template, trigger, account, message
    subject_id  bigint      not null,
    campaign_id int,
    dossier_id  bigint,
    person_id   bigint,
    what        text        not null,               -- dossier.submitted, status.changed ...
    actor_kind  text        not null check (actor_kind in ('candidate', 'user', 'rule', 'import', 'api')),
    account_id  int,
    actor_name  text        not null default '',
    details     jsonb       not null default '{}',
    seal        bigint      unique,                 -- place in the chain and sha256 of (hash before, this row),
    hash        bytea                               -- written a moment later by one sealer
);
create index timeline_dossier  on timeline_event (dossier_id, id) where dossier_id is not null;
create index timeline_person   on timeline_event (person_id, id) where person_id is not null;
create index timeline_campaign on timeline_event (campaign_id, id) where campaign_id is not null;
create index timeline_subject  on timeline_event (subject, subject_id, id) where subject in ('message', 'sender');
create index timeline_unsealed on timeline_event (id) where hash is null;

-- ---------------------------------------------------------------------------------------------- on-screen mailbox
create table mailbox_letter (                       -- what the local SMTP server received; only in demonstrations
    id          bigint      generated always as identity primary key,
    received_at timestamptz not null default now(),
    mail_from   text        not null,
    rcpt_to     text[]      not null,
    message_id  text        not null default '',
    subject     text        not null default '',
    raw         bytea       not null
);
create index mailbox_message_id on mailbox_letter (message_id);
