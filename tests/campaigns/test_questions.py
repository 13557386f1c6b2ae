"""The form of a campaign: questions of six kinds, in an order."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.campaigns import form_queries as queries
from portal.campaigns import questions
from portal.campaigns.form_checks import QuestionDraft, lines_of
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.factories import AccountRow, CampaignRow

REGION = QuestionDraft(
    kind="choice", label={"en": "Region"}, choices={"en": ["North", "South"], "pl": ["Północ", "Południe"]}
)


async def with_campaign() -> tuple[AccountRow, CampaignRow]:
    alice = await factories.account("Alice")
    return alice, await factories.campaign(managers=(alice,))


async def test_a_question_gets_a_key_for_merge_fields_and_stands_last(db: None) -> None:
    alice, campaign = await with_campaign()
    await factories.question(campaign.id, "budget", kind="number")
    draft = QuestionDraft(
        kind="short", label={"en": "Project title"}, help={"en": "As on the poster"}, required=True, max_length=80
    )
    question = await queries.question(campaign.id, await questions.add(alice.actor, campaign.id, draft))
    assert (question.key, question.kind, question.label, question.help) == (
        "project_title",
        "short",
        draft.label,
        draft.help,
    )
    assert (question.required, question.max_length, question.choices) == (True, 80, [])
    assert [each.key for each in await queries.questions(campaign.id)] == ["budget", "project_title"]


async def test_choices_are_stored_with_a_key_and_a_text_per_language(db: None) -> None:
    alice, campaign = await with_campaign()
    question = await queries.question(campaign.id, await questions.add(alice.actor, campaign.id, REGION))
    assert question.choices == [
        {"key": "north", "label": {"en": "North", "pl": "Północ"}},
        {"key": "south", "label": {"en": "South", "pl": "Południe"}},
    ]


@pytest.mark.parametrize(
    ("draft", "errors"),
    [
        (QuestionDraft(kind="riddle", label={"en": "Why?"}), {"kind": "Choose one of the options."}),
        (
            QuestionDraft(kind="short", label={"pl": "Dlaczego?"}),
            {"label": "Enter the question in the default language (English)."},
        ),
        (
            QuestionDraft(kind="choice", label={"en": "Region"}, choices={"en": ["North"]}),
            {"choices": "Enter at least two choices, one on each line."},
        ),
        (
            QuestionDraft(kind="choice", label={"en": "Region"}, choices={"en": ["North", "South"], "fr": ["Nord"]}),
            {"choices": "Write the same choices in the same order. French: 1, English: 2."},
        ),
        (
            QuestionDraft(kind="long", label={"en": "Why?"}, max_length=0),
            {"max_length": "Enter a number from 1 to 20,000."},
        ),
    ],
)
async def test_what_cannot_be_asked_is_refused_beside_its_field(
    db: None, draft: QuestionDraft, errors: dict[str, str]
) -> None:
    alice, campaign = await with_campaign()
    with pytest.raises(Refused) as refusal:
        await questions.add(alice.actor, campaign.id, draft)
    assert refusal.value.errors == errors


async def test_lines_of_choices_are_trimmed_and_empty_ones_dropped() -> None:
    assert lines_of({"en": "  North \n\n South  East \n"}) == {"en": ["North", "South East"]}


async def test_answers_keep_their_meaning_when_a_choice_is_reworded(db: None) -> None:
    alice, campaign = await with_campaign()
    question_id = await questions.add(alice.actor, campaign.id, REGION)
    reworded = QuestionDraft(kind="choice", label={"en": "Region"}, choices={"en": ["The north", "South"]})
    await questions.change(alice.actor, campaign.id, question_id, 1, reworded)
    question = await queries.question(campaign.id, question_id)
    assert [each["key"] for each in question.choices] == ["north", "south"]


async def test_the_kind_stays_once_somebody_has_answered(db: None) -> None:
    alice, campaign = await with_campaign()
    question_id = await factories.question(campaign.id, "region")
    await factories.dossier(campaign, answers={"region": "north"})
    with pytest.raises(Refused) as refusal:
        await questions.change(
            alice.actor, campaign.id, question_id, 1, QuestionDraft(kind="number", label={"en": "Region"})
        )
    sentence = "1 dossier has an answer of the present kind. Add a new question instead."
    assert refusal.value.errors == {"kind": sentence}


async def test_the_kind_may_change_before_the_first_answer(db: None) -> None:
    alice, campaign = await with_campaign()
    question_id = await factories.question(campaign.id, "region", max_length=80)
    await questions.change(
        alice.actor, campaign.id, question_id, 1, QuestionDraft(kind="date", label={"en": "When?"}, max_length=80)
    )
    question = await queries.question(campaign.id, question_id)
    assert (question.kind, question.max_length, question.key) == ("date", None, "region")


async def test_whoever_is_slower_gets_the_question_as_it_is_now(db: None) -> None:
    alice, campaign = await with_campaign()
    question_id = await factories.question(campaign.id)
    await questions.change(alice.actor, campaign.id, question_id, 1, QuestionDraft(kind="short", label={"en": "First"}))
    with pytest.raises(Stale) as stale:
        await questions.change(
            alice.actor, campaign.id, question_id, 1, QuestionDraft(kind="short", label={"en": "Second"})
        )
    assert stale.value.theirs.label == {"en": "First"}


async def test_questions_move_and_go_while_answers_stay(db: None) -> None:
    alice, campaign = await with_campaign()
    ids = [await factories.question(campaign.id, key) for key in ("one", "two", "three")]
    dossier = await factories.dossier(campaign, answers={"two": "kept"})
    await questions.move(alice.actor, campaign.id, ids[2], -1)
    assert [each.key for each in await queries.questions(campaign.id)] == ["one", "three", "two"]
    assert await queries.answers_to(campaign.id, "two") == 1
    with pytest.raises(Refused, match="1 dossier has an answer to it"):
        await questions.remove(alice.actor, campaign.id, ids[1])
    await questions.remove(alice.actor, campaign.id, ids[0])
    await questions.retire(alice.actor, campaign.id, ids[1])
    assert [each.key for each in await queries.questions(campaign.id)] == ["three"]
    assert await database.fetchval("select answers from dossier where id = $1", dossier.id) == {"two": "kept"}


async def test_dana_reaches_no_question(db: None) -> None:
    _alice, campaign = await with_campaign()
    dana = await factories.account("Dana")
    question_id = await factories.question(campaign.id)
    for attempt in (
        questions.add(dana.actor, campaign.id, REGION),
        questions.change(dana.actor, campaign.id, question_id, 1, REGION),
        questions.move(dana.actor, campaign.id, question_id, 1),
        questions.remove(dana.actor, campaign.id, question_id),
    ):
        with pytest.raises(Missing):
            await attempt
