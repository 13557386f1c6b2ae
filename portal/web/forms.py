"""Forms: what a browser sends, read by a declared list of fields; all errors at once, what was typed is kept.

    class StatusForm(Form):
        name = Text(longest=80)
        status = IdChoice()
        version = Integer()

    form = await StatusForm.read(request, choices={"status": [(3, "Accepted"), (4, "Rejected")]})
    if not form.valid:
        return page(request, "dossiers/status.html", form=form, status_code=422)

Fields that are not declared are refused: nobody writes a column that the form does not offer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from litestar.datastructures import UploadFile

from portal.i18n import _
from portal.outcomes import Refused
from portal.web.field import Field, Invalid, Options
from portal.web.htmx import Request
from portal.web.templating import CSRF_FIELD

WHOLE = ""  # the error that belongs to no field


class Form:
    """The base of all forms. `prefix` keeps ids apart where two forms stand on one page.

    `unseen` are the hidden fields: nobody can mend them, so their errors belong to the whole form.
    """

    prefix: ClassVar[str] = ""
    unseen: ClassVar[frozenset[str]] = frozenset({"version"})

    def __init__(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        choices: Mapping[str, Options] | None = None,
        extra: Mapping[str, Field[Any]] | None = None,
    ) -> None:
        """An empty form, or one filled with typed `values`. `extra` adds fields known only at request time."""
        self.fields: dict[str, Field[Any]] = {**_declared(type(self)), **(extra or {})}
        self.choices = dict(choices or {})
        self.values: dict[str, Any] = {name: field.empty for name, field in self.fields.items()} | dict(values or {})
        self.errors: dict[str, str] = {}
        self.raw: dict[str, list[Any]] = {}
        for name, value in (values or {}).items():
            if name in self.fields:
                self.raw |= self.fields[name].show(name, value)

    @classmethod
    async def read(
        cls,
        request: Request,
        *,
        choices: Mapping[str, Options] | None = None,
        extra: Mapping[str, Field[Any]] | None = None,
    ) -> Self:
        """The form as sent: typed values in `values` (and as attributes), sentences in `errors`."""
        form = cls(choices=choices, extra=extra)
        form.take({name: values for name, values in await _sent(request) if name != CSRF_FIELD})
        return form

    def take(self, sent: Mapping[str, list[Any]]) -> None:
        """Read each field from what was sent; unknown names, and single fields sent twice, spoil the whole."""
        self.raw = {name: [each for each in values if isinstance(each, str)] for name, values in sent.items()}
        single = {each for name, field in self.fields.items() if not field.many for each in field.names(name)}
        many = {name for name, field in self.fields.items() if field.many}
        if any(name not in single | many or (name in single and len(values) > 1) for name, values in sent.items()):
            self.errors[WHOLE] = out_of_date()
        for name, field in self.fields.items():
            try:
                self.values[name] = field.read(name, sent, self.options(name))
            except Invalid as invalid:
                unseen = name in self.unseen
                self.errors[WHOLE if unseen else name] = out_of_date() if unseen else str(invalid)

    @property
    def valid(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.errors

    def refuse(self, refused: Refused) -> None:
        """Add what an action refused to the errors."""
        if refused.message:
            self.errors[WHOLE] = refused.message
        for name, sentence in refused.errors.items():
            self.errors[name if name in self.fields else WHOLE] = sentence

    def add(self, faults: Mapping[str, str]) -> None:
        """More errors, beside those of the form itself; all in the order of the fields."""
        errors = {**faults, **self.errors}
        order = [WHOLE, *self.fields]
        self.errors = {name: errors[name] for name in sorted(errors, key=order.index)}

    def __getitem__(self, name: str) -> Any:
        """The typed value of a field, for fields that are known only at request time."""
        return self.values[name]

    # -------------------------------------------------------------------------------- for the templates
    def options(self, name: str) -> Options:
        """(value, label) pairs of a choice."""
        given = self.choices.get(name)
        options: Options = given if given is not None else getattr(self.fields.get(name), "options", ())
        return options

    def shown(self, name: str) -> str:
        """What stands in the box: as typed, or the value the form was filled with. `name` may be `title.es`."""
        values = self.raw.get(name) or [""]
        return str(values[0])

    def chosen(self, name: str, value: Any) -> bool:
        """Whether an option or a checkbox is chosen."""
        return str(value) in self.raw.get(name, [])

    def id(self, name: str) -> str:
        """The id of a field's element; also the target of the link in the summary."""
        return f"{self.prefix}{name}".replace(".", "-").replace("_", "-")

    def required(self, name: str) -> bool:
        """Whether a field must not be left empty."""
        return self.fields[name].required

    @property
    def first_ids(self) -> dict[str, str]:
        """field -> id of its first element, where the summary's link goes."""
        return {name: self.id(field.names(name)[0]) for name, field in self.fields.items()}


def out_of_date() -> str:
    """The sentence for what an untouched form of today would never send."""
    return _("This page is out of date. Reload it and try again.")


def _declared(form: type[Form]) -> dict[str, Field[Any]]:
    """The fields of a class and its parents, in the order they are written."""
    return {
        name: field for base in reversed(form.__mro__) for name, field in vars(base).items() if isinstance(field, Field)
    }


async def _sent(request: Request) -> list[tuple[str, list[str | UploadFile]]]:
    data = await request.form()
    return [(name, data.getall(name)) for name in dict.fromkeys(data.keys())]
