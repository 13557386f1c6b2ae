"""The one relation of a mailing's plan: who gets a letter, in which language, from whom; who does not, and why.

Numbers, lists, samples, exports and the launch all read it. Its columns:

    planned(record_id, person_id, dossier_id, address, name, locale, fallback, state, reason, from_address, from_name,
            reply_to)

`state` is queued or skipped, `reason` null or a word of portal.mailings.words.left_out, `fallback` true where the
letter is not in the language that was wished for. One row for each record of the audience.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.addresses import LONGEST, LONGEST_LABEL, LONGEST_LOCAL
from portal.audiences.parameters import Parameters
from portal.audiences.sources import Source

# As addresses.valid_email: a dot-atom, which may be UTF-8, and a name of at least two labels, which may be an IDN.
ATOM = r"[[:alnum:]_!#$%&''*+/=?^`{|}~-]+"
LABEL = rf"[[:alnum:]]([[:alnum:]-]{{0,{LONGEST_LABEL - 2}}}[[:alnum:]])?"
TOP = rf"[[:alpha:]][[:alnum:]-]{{0,{LONGEST_LABEL - 2}}}[[:alnum:]]"
ADDRESS = rf"^{ATOM}(\.{ATOM})*@({LABEL}\.)+{TOP}$"
# Nearly all addresses are like this, and seen to be so ten times as fast; none is too long in any of its parts.
NAME = r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
USUAL = rf"^[a-zA-Z0-9_+-]+(\.[a-zA-Z0-9_+-]+)*@({NAME}\.)+[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9]$"
INVALID = f"""not (length(p.email::text) <= {LONGEST_LABEL} and p.email::text ~ '{USUAL}'
    or p.email::text ~ '{ADDRESS}' and octet_length(p.email::text) <= {LONGEST}
    and octet_length(split_part(p.email::text, '@', 1)) <= {LONGEST_LOCAL})"""

# The latest dossier of a person gets the letter; of the same address there is never another person.
TWICE = "row_number() over (partition by c.person_id order by c.dossier_id desc) > 1"

# How much optional mail an address has had lately. Of few people each is looked up, of many all mail is counted once.
HAD = """select count(*) from message m
    where {address} and m.optional and m.state not in ('skipped', 'cancelled', 'failed')
    and m.created_at > now() - make_interval(days => {days})"""
HAD_EACH = HAD.replace("{address}", "lower(m.address) = lower(p.email::text)")
HAD_ALL = f"""left join (select lower(m.address) as address, {HAD.removeprefix("select ").replace("{address}", "true")}
    group by 1) had on had.address = lower(p.email::text)"""


class Address(msgspec.Struct, frozen=True):
    """An address to write from, or to answer to."""

    address: str
    name: str = ""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan follows beside its people.

    `variants`: the template's languages, `written`: there is a template; `otherwise`: the language for those whose own
    it is not written in. `sender`, `reply`: None: each record's owner's. `spare`: where answers go for records without
    an owner. `cap`: so many optional e-mails to an address in `cap_days`; None: no limit. `many`: more people than are
    looked up one by one.
    """

    dossiers: bool = False
    per_person: bool = True
    optional: bool = False
    topic_id: int | None = None
    variants: tuple[str, ...] = ()
    otherwise: str = "en"
    written: bool = True
    sender: Address | None
    reply: Address | None
    spare: str = ""
    trial: bool = False
    cap: int | None = None
    cap_days: int = 7
    many: bool = False

    @property
    def capped(self) -> bool:
        """Whether it matters how much mail somebody has had lately."""
        return self.optional and self.cap is not None


class Reason(msgspec.Struct, frozen=True):
    """Why somebody is left out: the word as SQL, and when."""

    word: str
    when: str


class Relation:
    """The relation of an audience under terms. Its parameters are those of the audience and then its own."""

    def __init__(self, found: Source, terms: Terms) -> None:
        self.found, self.terms = found, terms
        self.parameters = Parameters(*found.parameters)
        self.joins = ["join person p on p.id = c.person_id"]
        self.who = "d" if terms.dossiers else "p"
        if terms.dossiers:
            self.joins.append("join dossier d on d.id = c.dossier_id")
        self.language = self._language()
        self.sender = self._sender()
        self.reasons = self._reasons()

    def planned(self) -> str:
        """The relation."""
        whens = " ".join(f"when {reason.when} then {reason.word}" for reason in self.reasons)
        return f"""select r.*, case when r.reason is null then 'queued' else 'skipped' end as state
            from (select {self._columns()}, case {whens} end as reason from {self._from()}) r"""

    def why_not(self, person_id: int) -> tuple[str, list[object]]:
        """All reasons in force for a person's records, not only the first: relation (record_id, reasons)."""
        parameters = Parameters(*self.parameters.values)
        one = parameters.add(person_id, "bigint")
        all_of = ", ".join(f"case when {reason.when} then {reason.word} end" for reason in self.reasons)
        reasons = f"array_remove(array[{all_of}]::text[], null) as reasons"
        sql = f"""select r.record_id, r.reasons from (
            select {self._columns()}, {reasons} from {self._from()} where c.person_id = {one}) r order by 1"""
        return sql, parameters.values

    def _from(self) -> str:
        return f"({self.found.sql}) c {' '.join(self.joins)}"

    def _columns(self) -> str:
        locale, fallback = self.language
        address, name, reply = self.sender
        return f"""c.record_id, c.person_id, c.dossier_id, coalesce(p.email::text, '') as address,
            trim({self.who}.first_name || ' ' || {self.who}.last_name) as name, {locale} as locale,
            {fallback} as fallback, {address} as from_address, {name} as from_name, {reply} as reply_to"""

    def _language(self) -> tuple[str, str]:
        wished = "d.locale" if self.terms.dossiers and not self.terms.per_person else "p.locale"
        if not self.terms.written:
            return wished, "false"
        variants = self.parameters.add(list(self.terms.variants), "text[]")
        otherwise = self.parameters.add(self.terms.otherwise, "text")
        return (
            f"case when {wished} = any ({variants}) then {wished} else {otherwise} end",
            f"{wished} <> all ({variants})",
        )

    def _sender(self) -> tuple[str, str, str]:
        if self.terms.sender is None or self.terms.reply is None:
            self.joins.append("left join account owner on owner.id = p.owner_id and owner.active")
        if self.terms.sender is None:
            self.joins.append("left join sender own on own.address = owner.email and own.verified")
            address, name = "coalesce(own.address::text, '')", "coalesce(own.name, '')"
        else:
            address, name = (self._text(value) for value in (self.terms.sender.address, self.terms.sender.name))
        if self.terms.reply is None:
            return address, name, f"coalesce(owner.email::text, {self._text(self.terms.spare)})"
        return address, name, self._text(self.terms.reply.address)

    def _text(self, value: str) -> str:
        return self.parameters.add(value, "text")

    def _reasons(self) -> Sequence[Reason]:
        """In their order: the first that holds is the one that is told."""
        terms = self.terms
        made = [Reason("'no_email'", "coalesce(p.email::text, '') = ''"), Reason("'invalid_email'", INVALID)]
        self.joins.append("left join suppression never on never.address = p.email and never.scope = 'all'")
        made.append(Reason("never.reason", "never.reason is not null"))
        if terms.optional:
            made += self._wishes()
        if terms.dossiers and terms.per_person:
            made.append(Reason("'duplicate_recipient'", TWICE))
        if terms.trial:
            team = "p.email not in (select colleague.email from account colleague where colleague.active)"
            made.append(Reason("'trial_mode'", team))
        if terms.capped:
            made.append(self._cap())
        if terms.sender is None:
            made.append(Reason("'sender_not_connected'", "own.id is null"))
        if terms.written and not terms.variants:
            made.append(Reason("'missing_language'", "true"))
        return made

    def _wishes(self) -> list[Reason]:
        self.joins.append("left join suppression wish on wish.address = p.email and wish.scope = 'optional'")
        made = [Reason("wish.reason", "wish.reason is not null")]
        if self.terms.topic_id is not None:
            topic = self.parameters.add(self.terms.topic_id, "int")
            self.joins.append(f"left join topic_opt_out kind on kind.address = p.email and kind.topic_id = {topic}")
            made.append(Reason("'topic'", "kind.address is not null"))
        return made

    def _cap(self) -> Reason:
        most, days = self.parameters.add(self.terms.cap, "bigint"), self.parameters.add(self.terms.cap_days, "int")
        if not self.terms.many:
            return Reason("'frequency_cap'", f"({HAD_EACH.replace('{days}', days)}) >= {most}")
        self.joins.append(HAD_ALL.replace("{days}", days))
        return Reason("'frequency_cap'", f"had.count >= {most}")
