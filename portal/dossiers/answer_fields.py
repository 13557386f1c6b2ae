"""Fields that are known only when a form's questions are: answers as typed, ticks, documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar.datastructures import UploadFile

from portal.campaigns.form_checks import LONGEST_ANSWER
from portal.web.field import Field, Options, clean, first_text

LONGEST_TYPED = 2 * LONGEST_ANSWER  # what is longer is refused anyhow, and need not be shown again whole
MOST_TICKS = 500


class Typed(Field[str]):
    """An answer as it was typed: judged by `check_answers`, never here. `required` is only for show."""

    def __init__(self, *, required: bool) -> None:
        super().__init__("", required=required)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> str:
        return clean(first_text(sent.get(name, []))[:LONGEST_TYPED])


class Several(Field[list[str]]):
    """Ticks, or the notes of documents that an earlier try has kept."""

    many = True

    def __init__(self, *, required: bool = False) -> None:
        super().__init__([], required=required)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> list[str]:
        return [each[:LONGEST_TYPED] for each in sent.get(name, [])[:MOST_TICKS] if isinstance(each, str) and each]

    def show(self, name: str, value: list[str]) -> dict[str, list[Any]]:
        return {name: list(value)}


class Documents(Field[list[UploadFile]]):
    """Documents, shown as required if their question is; whether they may be missing is judged elsewhere."""

    many = True

    def __init__(self, *, required: bool) -> None:
        super().__init__([], required=required)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> list[UploadFile]:
        return [each for each in sent.get(name, []) if isinstance(each, UploadFile) and each.filename]

    def show(self, name: str, value: list[UploadFile]) -> dict[str, list[Any]]:
        return {}
