-- What the sending engine needs at its limit: letters found by number, attachments, totals kept beside the rows,
-- limits per minute, keys for signatures, reasons for closed gates, and which database this is.

-- A letter is found by its message's number: claims read neighbours of one page of one index, at any size of the table.
alter table letter add column id bigint, add column attachments bigint[] not null default '{}';
update letter l set id = m.id from message m where m.message_id = l.message_id;
delete from letter where id is null;
alter table letter drop column message_id, add primary key (id);
comment on column letter.id is 'message.id';

create table attachment (
    id         bigint      generated always as identity primary key,
    name       text        not null,                -- as the recipient sees it
    media_type text        not null default 'application/octet-stream',
    content    bytea       not null,
    at         timestamptz not null default now()
);
alter table attachment alter content set storage external;  -- documents are compressed already

-- Why a gate is not open: by_hand, policy (the mail servers refuse this mail), late ...; and which campaign it serves.
alter table origin
    add column gate_reason text        not null default '',
    add column gated_at    timestamptz,
    add column campaign_id int;
create index origin_closed on origin (gate, id) where gate <> 'open';    -- few: what waits for a person, or is swept
drop index timeline_subject;
create index timeline_subject on timeline_event (subject, subject_id, id)
    where subject in ('message', 'sender', 'origin', 'ledger');

-- First tries that were accepted have no attempt row: the message says it all. What is here tells a story, and two
-- accepted ones tell of a duplicate.
delete from attempt a using message m where m.id = a.message_id and a.try = 0 and a.state = 'accepted'
    and m.state = 'accepted' and m.attempts = 0 and m.code is not distinct from a.code;
create index attempt_accepted on attempt (message_id) where state = 'accepted';
create index attempt_at on attempt using brin (at) with (autosummarize = on);

-- ------------------------------------------------------------------------------------------------ totals (P12)
-- Every statement that makes, moves or removes messages leaves what it changed: so many more or fewer of an origin in
-- a state, in this minute, among 65,536 neighbouring ids (`part`). Kept by the database, so that no code can forget it;
-- only ever inserted, so that nobody waits for anybody. The timetable folds old rows together, and counts part after
-- part of the register anew against them: a part is little work, however many messages there are.
create table tally (
    origin_id int           not null,
    part      int           not null,               -- message.id >> 16
    minute    timestamptz   not null default date_trunc('minute', now()),
    state     message_state not null,
    n         bigint        not null
);
create index tally_origin on tally (origin_id, state);
create index tally_part on tally (part);
create index tally_minute on tally (minute);

create function tally_new() returns trigger language plpgsql as $$
begin
    insert into tally (origin_id, part, state, n) select origin_id, id >> 16, state, count(*) from added group by 1, 2, 3;
    return null;
end $$;

create function tally_moved() returns trigger language plpgsql as $$
begin
    insert into tally (origin_id, part, state, n)
    select origin_id, part, state, sum(n) from (
        select origin_id, id >> 16 as part, state, -count(*) as n from before group by 1, 2, 3 union all
        select origin_id, id >> 16, state, count(*) from after group by 1, 2, 3) x
    group by 1, 2, 3 having sum(n) <> 0;
    return null;
end $$;

create function tally_gone() returns trigger language plpgsql as $$
begin
    insert into tally (origin_id, part, state, n) select origin_id, id >> 16, state, -count(*) from gone group by 1, 2, 3;
    return null;
end $$;

create function tally_emptied() returns trigger language plpgsql as $$
begin
    delete from tally;
    return null;
end $$;

create trigger tally_new after insert on message referencing new table as added
    for each statement execute function tally_new();
create trigger tally_moved after update on message referencing old table as before new table as after
    for each statement execute function tally_moved();
create trigger tally_gone after delete on message referencing old table as gone
    for each statement execute function tally_gone();
create trigger tally_emptied after truncate on message
    for each statement execute function tally_emptied();
insert into tally (origin_id, part, minute, state, n)
select origin_id, id >> 16, date_trunc('hour', coalesce(settled_at, created_at)), state, count(*)
from message group by 1, 2, 3, 4;

-- What the last look at each part found, and what each minute's check said of the whole.
create table part_check (
    part       int         primary key,
    at         timestamptz not null default now(),
    counted    int         not null,                -- messages
    wrong      int         not null default 0,      -- origins and states whose tally differs from their rows
    lost       int         not null default 0,      -- queued messages that no open batch holds
    doubled    int         not null default 0,      -- ... that open batches hold more than once, times too many
    duplicates int         not null default 0       -- messages that a mail server took more than once
) with (fillfactor = 50);

create table totals_check (
    at         timestamptz primary key default now(),
    intended   bigint      not null,                -- by the tally
    queued     bigint      not null,
    parts      int         not null,                -- looked at by this check
    counted    bigint      not null,                -- messages in them
    wrong      bigint      not null,                -- these four: of all parts, as last looked at
    lost       bigint      not null,
    doubled    bigint      not null,
    duplicates bigint      not null,
    oldest     timestamptz not null,                -- when the part was looked at that waits longest for its next look
    balanced   bool        not null
);

alter table run add column started_at timestamptz not null default now();

-- The last word of each run about itself: connections, rates by lane, sender and domain. Not worth a write to disk.
create unlogged table pulse (
    run_id bigint      primary key,
    at     timestamptz not null default now(),
    said   jsonb       not null
) with (fillfactor = 20);

-- ------------------------------------------------------------------------------------------------ limits
alter table sender add column per_minute int check (per_minute > 0);   -- null: as fast as the mail server takes them

create table domain_limit (                         -- receiving domains that want it slower
    domain      text primary key check (domain = lower(domain)),
    per_minute  int  check (per_minute > 0),
    connections int  check (connections > 0)
);

-- ------------------------------------------------------------------------------------------------ signatures
create table dkim_key (
    id         int         generated always as identity primary key,
    domain     text        not null check (domain = lower(domain)),
    selector   text        not null check (selector = lower(selector)),
    algorithm  text        not null check (algorithm in ('rsa', 'ed25519')),
    public_key text        not null,                -- base64, as in the DNS record's p=
    secret     bytea       not null,                -- the private key, encrypted with PORTAL_SECRET_KEY
    state      text        not null default 'new' check (state in ('new', 'active', 'retired')),
    created_at timestamptz not null default now(),
    active_at  timestamptz,
    retired_at timestamptz,
    unique (domain, selector)
);

-- ------------------------------------------------------------------------------------------------ restored backups
-- Which database the register belongs to. Another one (a restored backup, a promoted standby) may not know what its
-- predecessor has sent: everything is held until an administrator has looked.
create table epoch (
    single     bool        primary key default true check (single),
    database   text        not null,                -- system identifier, timeline and database
    held_since timestamptz,                         -- null: mail may go
    at         timestamptz not null default now()
);

-- Whether letters that were not confirmed are sent once more by themselves: none, receipts (urgent), necessary.
alter table organisation add column resend_uncertain text not null default 'receipts'
    check (resend_uncertain in ('none', 'receipts', 'necessary'));

-- A message's batch without a look at all open ones of its origin: ranges of one try do not overlap, so the one that
-- begins next below it is the only one that can hold it. Lists (of retries) are few, and short.
create index batch_range on batch (origin_id, lo) where done_at is null and lo is not null;
create index batch_list on batch (origin_id, attempt) where done_at is null and ids is not null;

-- What can be claimed, by origin: from the longest due batch of one to that of the next (portal.ledger.claims.HEADS).
create index batch_due on batch (lane, origin_id, due_at, id) where run_id is null and done_at is null;

-- The latest messages that are not simply sent: pages of one state or of one reason, at any size of the table. Like
-- `attention`, the reason of those is null from queued over each try to accepted: their updates stay HOT.
alter table message add column ended_for text generated always as
    (case when state not in ('queued', 'accepted') then reason end) stored;
create index message_ended on message (attention, id) where attention is not null;
create index message_reason on message (ended_for, id) where ended_for is not null;

drop view message_now;
create view message_now as
select m.*, case when m.state <> 'queued' then m.state::text
                 when o.gate = 'cancelled' then 'cancelled'
                 when o.gate = 'paused' then 'held'
                 when b.run_id is not null then 'sending'
                 when s.paused then 'held'
                 when b.waits_for is not null and b.waits_for <> 'retry' and b.due_at > now() then 'held'
                 when (select e.held_since is not null from epoch e) then 'held'
                 else 'queued' end as shown,
       case when m.state = 'queued' and o.gate = 'paused' then case o.gate_reason when '' then 'paused'
                 when 'policy' then 'paused_policy' else o.gate_reason end
            when m.state = 'queued' and o.gate = 'cancelled' then coalesce(nullif(o.gate_reason, ''), 'with_origin')
            when m.state = 'queued' and b.run_id is null and s.paused then 'sender_paused'
            when m.state = 'queued' and b.run_id is null and (select e.held_since is not null from epoch e) then 'restored'
            else b.waits_for end as waits_for,
       b.due_at as batch_due_at, o.kind as origin_kind, o.ref_id as origin_ref, o.lane
from message m
join origin o on o.id = m.origin_id
join sender s on s.id = o.sender_id
left join lateral (
    select * from (
        (select * from batch b where m.state = 'queued' and b.origin_id = m.origin_id and b.done_at is null
             and b.attempt = m.attempts and b.lo <= m.id order by b.lo desc limit 1)
        union all
        (select * from batch b where m.state = 'queued' and b.origin_id = m.origin_id and b.done_at is null
             and b.attempt = m.attempts and m.id = any (b.ids) limit 1)) b
    where b.lo is null or m.id <= b.hi limit 1) b on true;
