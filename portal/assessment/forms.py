"""The forms of a campaign's assessment: a criterion; how dossiers are spread over evaluators."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.assessment.criteria import MOST_POINTS, Criterion, Draft, weight_wrong
from portal.assessment.rules import MOST_EVALUATORS
from portal.campaigns.typed import read_number
from portal.formats import number
from portal.i18n import _, current_locale
from portal.web import fields
from portal.web.field import Field, Invalid, Options
from portal.web.forms import Form


class Weight(Field[Decimal | None]):
    """A weight as people of a language type it."""

    def __init__(self) -> None:
        super().__init__(None, missing=weight_wrong)

    def parse(self, text: str, options: Options) -> Decimal:
        value = read_number(text, current_locale.get())
        if value is None:
            raise Invalid(weight_wrong())
        return Decimal(str(value))

    def show(self, name: str, value: Decimal | None) -> dict[str, list[Any]]:
        return {name: ["" if value is None else number(float(value))]}


class CriterionForm(Form):
    """A criterion."""

    label = fields.Texts(longest=120, missing=lambda: _("Enter the name."))
    help = fields.Texts(longest=1_000, lines=True, required=False)
    most = fields.Integer(least=1, most=MOST_POINTS)
    weight = Weight()
    version = fields.Integer(required=False)

    def draft(self) -> Draft:
        """What it says."""
        return Draft(label=self.label, help=self.help, most=self.most, weight=self.weight)

    @classmethod
    def of(cls, criterion: Criterion) -> CriterionForm:
        """The form of a criterion as it is now."""
        texts = {"label": criterion.label, "help": criterion.help}
        sizes = {"most": criterion.most, "weight": criterion.weight, "version": criterion.version}
        return cls({**texts, **sizes})


def labels() -> dict[str, str]:
    """What the fields of a criterion are called where two versions are compared."""
    return {"label": _("Name"), "help": _("What counts"), "most": _("Points at most"), "weight": _("Weight")}


class SpreadForm(Form):
    """Which dossiers (by their statuses), over whom, how many evaluators each, how many dossiers anybody at most."""

    unseen = frozenset({"count"})
    status = fields.Choices(required=True, missing=lambda: _("Choose at least one status."))
    evaluators = fields.Choices(required=True, missing=lambda: _("Choose at least one evaluator."))
    each = fields.Integer(least=1, most=MOST_EVALUATORS)
    cap = fields.Integer(least=1, most=100_000, required=False)
    count = fields.Integer(required=False)

    @property
    def accounts(self) -> list[int]:
        """The evaluators' ids."""
        return [int(one) for one in self.evaluators]
