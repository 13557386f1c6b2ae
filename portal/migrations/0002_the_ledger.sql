-- The ledger: one row per message ever intended, and what the sending engine needs to keep its promises.
--
--   origin   why a message exists (a trigger, a mailing, a step, a return link) and its gate: open, paused, cancelled
--   message  one row per intended message: what people read; settled set-based, less than a second after the reply
--   letter   what the message says: template version, language, frozen merge values; written once
--   attempt  one row per try that ended: the history that the messages page shows
--   batch    the unit of claim: a range (or list) of messages of one origin at one try
--   run      one incarnation of one worker: its lease, and the PostgreSQL life in which it was started
--   journal  the last second of each run: which dots were allowed, how they ended. Append-only, deleted when settled

create type message_state as enum
    ('skipped', 'held', 'queued', 'accepted', 'failed', 'uncertain', 'cancelled');

-- Emptied by crash recovery, by promotion of a standby and by a restore from backup; kept by a clean restart.
-- A new id therefore means: commits made with synchronous_commit=off may be missing.
create unlogged table life (
    id     uuid        not null default gen_random_uuid(),
    since  timestamptz not null default now(),
    single bool        primary key default true check (single)
);

create table quota (                                -- reserved when a batch is claimed, given back when it ends
    sender_id int  not null references sender,
    day       date not null,
    used      int  not null default 0,
    primary key (sender_id, day)
) with (fillfactor = 20);

create table origin (
    id        int      generated always as identity primary key,
    kind      text     not null,                    -- trigger, return_link, test ...; later mailing, step
    ref_id    bigint   not null,                    -- the trigger's id, and so on
    sender_id int      not null references sender,
    lane      smallint not null check (lane between 0 and 3),   -- 0 urgent, 1 trigger, 2 sequence, 3 mass
    gate      text     not null default 'open' check (gate in ('open', 'paused', 'cancelled')),
    unique (kind, ref_id)
);

-- One truth about addresses that must not be written to. Scope 'optional': transactional mail still goes.
create table suppression (
    address citext      not null,
    scope   text        not null check (scope in ('all', 'optional')),
    reason  text        not null check (reason in ('opted_out', 'suppressed_bounce', 'complaint')),
    source  text        not null default '',
    at      timestamptz not null default now(),
    primary key (address, scope)
);

-- Settling is one HOT update of a row, which needs two things: room in its page (fillfactor 40: the row grows by
-- code, reply and time) and no index on anything that changes on the ordinary way from queued to accepted.
create table message (
    id         bigint        generated always as identity primary key,
    origin_id  int           not null,              -- no foreign keys here: they cost a trigger call per row, and plan()
    person_id  bigint,                              -- is the only writer (a nightly check looks for orphans)
    dossier_id bigint,
    occurrence bigint        not null default 0,    -- the event within the origin: a status change's id, ...
    message_id uuid          not null default gen_random_uuid(),    -- left part of Message-ID, the same at every try
    created_at timestamptz   not null default now(),
    due_at     timestamptz   not null default now(),
    settled_at timestamptz,
    state      message_state not null default 'queued',
    -- The only indexed thing that depends on state; null from queued to accepted, so their update stays HOT.
    attention  message_state generated always as
               (case when state not in ('queued', 'accepted') then state end) stored,
    optional   bool          not null default false,    -- optional mail: an opt-out stops it
    attempts   smallint      not null default 0,    -- tries that ended in a temporary refusal
    code       smallint,
    address    text          not null,              -- '' only when skipped for want of one
    reason     text,
    reply      text,
    unique (origin_id, occurrence, address)
) with (fillfactor = 40);

create index message_person    on message (person_id, id) where person_id is not null;
create index message_dossier   on message (dossier_id, id) where dossier_id is not null;
create index message_origin    on message (origin_id, id);
create index message_attention on message (attention, origin_id, id) where attention is not null;
create index message_address   on message (lower(address) text_pattern_ops, id);
create index message_created   on message using brin (created_at) with (autosummarize = on);   -- a day's mail

create table letter (
    message_id uuid     primary key,                -- message.message_id
    version_id int,                                 -- template_version; null: a letter of the system
    system     text,                                -- name of that letter: return_link ...
    layout     smallint not null default 1,         -- version of the letter layout it is rendered with
    locale     text     not null,
    from_address text   not null,
    from_name  text     not null default '',
    reply_to   text     not null default '',
    to_name    text     not null default '',
    shown_to   text     not null default '',        -- a copy's To header: whom the original went to
    cc         text[]   not null default '{}',
    subject    text     not null,                   -- rendered, to be listed and searched
    values     jsonb    not null,                   -- frozen merge values
    check (num_nonnulls(version_id, system) = 1)
);

create table attempt (
    message_id bigint      not null,                -- message.id
    try        smallint    not null,
    at         timestamptz not null default now(),
    state      text        not null,                -- accepted, failed, retry, uncertain, skipped
    code       smallint    not null,
    reply      text        not null default '',
    unique (message_id, try, state)
);

create table batch (
    id         bigint      generated always as identity primary key,
    origin_id  int         not null,
    lane       smallint    not null,
    attempt    smallint    not null default 0,      -- holds messages of this try only: a (message, try) has one batch
    size       int         not null,
    lo         bigint,                              -- a range of message.id (read with origin_id: ids interleave) ...
    hi         bigint,
    ids        bigint[],                            -- ... or a list, for retries
    due_at     timestamptz not null default now(),
    waits_for  text,                                -- why due_at lies ahead: undo, limit, retry, route
    run_id     bigint,                              -- who has it
    reserved   int         not null default 0,      -- taken from quota on reserved_on
    reserved_on date,
    done_at    timestamptz
) with (fillfactor = 50);

create index batch_free   on batch (lane, due_at, id) where run_id is null and done_at is null;
create index batch_taken  on batch (run_id) where run_id is not null and done_at is null;
create index batch_open   on batch (origin_id, id) where done_at is null;

create table run (
    id          bigint      generated always as identity primary key,
    worker      text        not null,
    life        uuid        not null,
    lease_until timestamptz not null,
    ended_at    timestamptz
) with (fillfactor = 20);

-- (run_id, seq) is at once the idempotence key of a flush repeated after a lost connection and the fence:
-- who takes a run over inserts the row that the run would write next, marked as its seal.
create table journal (
    run_id  bigint     not null,
    seq     bigint     not null,
    sealed  bool       not null default false,
    intents bigint[]   not null default '{}',       -- the dots that were allowed
    ended   bigint[]   not null default '{}',       -- what ended since the flush before; 0: no dot was written
    tries   smallint[] not null default '{}',
    codes   smallint[] not null default '{}',
    replies text[]     not null default '{}',
    primary key (run_id, seq)
) with (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

-- What a page shows: queued, refined by gate and batch. Filter by id, origin, person or dossier.
create view message_now as
select m.*, case when m.state <> 'queued' then m.state::text
                 when o.gate = 'cancelled' then 'cancelled'
                 when o.gate = 'paused' then 'held'
                 when b.run_id is not null then 'sending'
                 when b.waits_for is not null and b.waits_for <> 'retry' and b.due_at > now() then 'held'
                 else 'queued' end as shown,
       case when m.state = 'queued' and o.gate = 'paused' then 'paused' else b.waits_for end as waits_for,
       b.due_at as batch_due_at, o.kind as origin_kind, o.ref_id as origin_ref, o.lane
from message m
join origin o on o.id = m.origin_id
left join lateral (select * from batch b where m.state = 'queued' and b.origin_id = m.origin_id and b.done_at is null
                   and b.attempt = m.attempts and (m.id between b.lo and b.hi or m.id = any (b.ids)) limit 1) b on true;
