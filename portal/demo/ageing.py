"""The history moves into the past: what was made within seconds gets the moments that the story tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal import db

Moment = tuple[int, int | None, datetime]  # dossier, its status change (None: its creation), when it happened

MOMENTS = """
create temporary table moment (dossier_id bigint not null, change_id bigint, at timestamptz not null) on commit drop"""

# One statement, so that everything moves together. What belongs to a change of status follows that change: its rows of
# history, its messages (occurrence = the change's id; the link to a draft belongs to its creation), their tries and the
# letters that the mailbox received, a second or some after they were due. Dossiers were assessed the day after their
# last move. What belongs to no dossier was made before the first one ($1). It has to run before the history is sealed,
# and only a demonstration may do it.
AGE = """
with first as (select dossier_id, min(at) as at from moment group by dossier_id),
     last as (select dossier_id, max(at) as at from moment group by dossier_id),
     submission as (select m.dossier_id, m.at from moment m join status_change c on c.id = m.change_id
                    join status s on s.id = c.to_id where s.key = 'submitted'),
     changes as (update status_change c set at = m.at from moment m where m.change_id = c.id),
     dossiers as (update dossier d set created_at = f.at, changed_at = l.at,
                  submitted_at = coalesce(s.at, d.submitted_at)
                  from first f join last l using (dossier_id) left join submission s using (dossier_id)
                  where d.id = f.dossier_id),
     people as (update person p set created_at = x.at, changed_at = x.at
                from (select d.person_id, min(f.at) as at from first f join dossier d on d.id = f.dossier_id
                      group by d.person_id) x where p.id = x.person_id),
     told as (update timeline_event e set at = m.at from moment m where e.dossier_id = m.dossier_id
              and (e.details ->> 'change_id')::bigint is not distinct from m.change_id
              and split_part(e.what, '.', 1) not in ('evaluator', 'scores', 'note')),
     assessment as (select dossier_id, least(at + interval '20 hours', now() - interval '1 hour') as at from last),
     assessed as (update timeline_event e set at = l.at from assessment l where e.dossier_id = l.dossier_id
                  and split_part(e.what, '.', 1) in ('evaluator', 'scores', 'note')),
     assigned as (update assignment a set assigned_at = l.at from assessment l
                  where a.dossier_id = l.dossier_id),
     scored as (update score a set at = l.at from assessment l where a.dossier_id = l.dossier_id),
     noted as (update note a set at = l.at from assessment l where a.dossier_id = l.dossier_id),
     considered as (update decision x set at = m.at from moment m where x.dossier_id = m.dossier_id
                    and x.event <> 'deadline' and x.event_id = m.change_id),
     before as (update timeline_event e set at = $1 where e.dossier_id is null),
     house as (update campaign set created_at = $1),
     rules as (update trigger set created_at = $1),
     templates as (update template set created_at = $1),
     versions as (update template_version set saved_at = $1),
     accounts as (update account set created_at = $1),
     mail as (select e.id, e.message_id, e.address, e.state, m.at, m.at + make_interval(secs => 1 + e.id % 4) as sent_at
              from message e join origin o on o.id = e.origin_id join moment m on m.dossier_id = e.dossier_id
              and m.change_id is not distinct from case when o.kind = 'trigger' then e.occurrence end),
     messages as (update message e set created_at = x.at, due_at = x.at,
                  settled_at = case when e.settled_at is not null then x.sent_at end from mail x where e.id = x.id),
     tries as (update attempt a set at = x.sent_at from mail x where a.message_id = x.id),
     blocked as (update suppression s set at = x.sent_at
                 from mail x where x.state = 'failed' and s.address = x.address),
     received as (update mailbox_letter b set received_at = x.sent_at from mail x
                  where split_part(b.message_id, '@', 1) = x.message_id::text)
select count(*) from mail"""


async def age(moments: Sequence[Moment], before: datetime) -> None:
    """Move dossiers, their history and their mail to `moments`, everything else to `before`."""
    async with db.transaction():
        await db.execute(MOMENTS)
        await db.copy_records("moment", ("dossier_id", "change_id", "at"), moments)
        await db.execute("analyze moment")
        await db.fetchval(AGE, before)
