"""What a person agreed to or took back, as a file."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from portal.i18n import language_name, text_in
from portal.people import consent, queries, words
from portal.sheets import csv_lines
from portal.web.htmx import Request
from portal.web.rights import needs


@get("/people/{person_id:int}/consents.csv", opt=needs("person.see"))
async def consents_file(request: Request, person_id: FromPath[int]) -> Response[bytes]:
    """All of her records, in the words she read, newest first."""
    person = await queries.one(request.user, person_id)
    found = await consent.of_person(person_id, None)
    data = csv_lines([words.consent_header(), *(_row(each) for each in found)], first=True)
    headers = {"Content-Disposition": f'attachment; filename="consents-{person.id}.csv"'}
    return Response(data, media_type="text/csv", headers=headers)


def _row(each: consent.Consent) -> list[Any]:
    what = words.given_word(each.what, each.given, text_in(each.topic) or each.wording)
    locale = language_name(each.locale) if each.locale else ""
    return [each.at, what, each.wording, locale, words.source_word(each.source)]


routes: list[Any] = [consents_file]
