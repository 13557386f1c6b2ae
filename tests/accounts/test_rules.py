"""Who may do what, and which passwords will do."""

import pytest

from portal.accounts import rules


def test_an_administrator_holds_every_right_and_sees_everywhere() -> None:
    assert rules.rights_of(["administrator"]) == rules.RIGHTS
    assert rules.sees_everywhere(["manager", "administrator"])


def test_a_manager_neither_runs_the_organisation_nor_the_accounts_nor_the_catalogs() -> None:
    kept = {"organisation.edit", "account.manage", "role.edit", "catalog.see"}
    assert rules.RIGHTS - rules.rights_of(["manager"]) == kept
    assert not rules.sees_everywhere(["manager"])


@pytest.mark.seed("E03")
def test_E03_an_evaluator_has_no_right_to_the_emails_of_a_campaign() -> None:
    seen = {"home.see", "campaign.see", "dossier.see", "person.see", "assessment.see"}
    assert rules.rights_of(["evaluator"]) == seen | {"dossier.status"}


def test_a_translator_sees_the_catalogs_and_no_campaign() -> None:
    assert rules.rights_of(["translator"]) == {"home.see", "catalog.see"}


def test_roles_add_up_and_an_unknown_role_gives_nothing() -> None:
    assert rules.rights_of(["evaluator", "translator"]) == rules.ROLES["evaluator"] | rules.ROLES["translator"]
    assert rules.rights_of(["pope"]) == {"home.see"}


def test_a_key_narrows_what_its_account_may_and_never_widens_it() -> None:
    evaluator = rules.rights_of(["evaluator"])
    assert rules.narrowed(evaluator, None) == evaluator
    assert rules.narrowed(evaluator, ["dossier.see", "account.manage"]) == {"dossier.see"}


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("shortbutodd", "short"),
        ("ś" * 3 + "abcdefgh", "short"),
        ("x" * 201, "long"),
        ("alice.moreau@example.org", "about_you"),
        ("AliceMoreau2026", "about_you"),
        ("MoreauMoreau1!", "about_you"),
        ("aaaaaaaaaaaaaaaa", "repeated"),
        ("abababababababab", "repeated"),
        ("tomatotomatotomato", "repeated"),
        ("abcdefghijklmnop", "sequential"),
        ("9876543210zyxwvu", "sequential"),
        ("qwertyuiop123456", "sequential"),
        ("azertyuiopqsdfgh", "sequential"),
        ("correct horse battery", None),
        ("zażółć gęślą jaźń", None),
        ("Wq7-moss-lantern", None),
    ],
)
def test_a_password_is_judged_by_length_and_guessability(password: str, weakness: str | None) -> None:
    assert rules.weakness(password, "alice.moreau@example.org", "Alice Moreau") == weakness


def test_the_same_accent_typed_on_another_keyboard_is_the_same_password() -> None:
    assert rules.prepared("cafe\u0301") == rules.prepared("caf\u00e9")


def test_somebody_whose_name_is_short_may_still_choose_a_password_that_contains_it() -> None:
    assert rules.weakness("anagram lantern", "ana@ex.org", "Ana Li") is None
