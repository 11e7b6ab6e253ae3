"""What a reader does with one paper: saving, changing the filter, muting."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from subscriptions import consent
from subscriptions.consent import Wanted
from subscriptions.models import Mute, SavedPaper, TopicFilter
from tests.factories import a_paper, a_reader, a_subscription

pytestmark = pytest.mark.django_db
SURVEY = Wanted("Survey", "survey")


def test_a_paper_is_saved_once_and_unsaved() -> None:
    reader, paper = a_reader(), a_paper()
    consent.save_paper(reader.pk, paper.pk)
    consent.save_paper(reader.pk, paper.pk)
    assert [each.paper for each in reader.saved_papers.all()] == [paper]
    consent.unsave_paper(reader.pk, paper.pk)
    consent.unsave_paper(reader.pk, paper.pk)
    assert not reader.saved_papers.exists()


def test_a_filter_gets_another_text_under_its_name_and_place() -> None:
    reader = a_reader()
    mine = a_subscription(reader, "gradient", "Theory")
    a_subscription(reader, "hessian")
    wanted = Wanted("gradient -survey", "gradient -survey")
    assert consent.change_filter(reader.pk, mine.pk, wanted)
    first = reader.subscriptions.first()
    assert first is not None
    assert (first.text, first.filter.text) == ("gradient -survey", "gradient -survey")
    assert (first.name, first.position) == ("Theory", 0)
    assert reader.consent_records.get().action == "changed"


def test_a_filter_that_becomes_equal_to_another_goes() -> None:
    reader = a_reader()
    mine = a_subscription(reader, "gradient")
    other = a_subscription(reader, "hessian", "Kept")
    consent.change_filter(reader.pk, mine.pk, Wanted("hessian", "hessian"))
    assert [each.pk for each in reader.subscriptions.all()] == [other.pk]


def test_a_filter_that_becomes_equal_to_one_that_is_off_switches_that_on() -> None:
    """Else the reader would have neither."""
    reader = a_reader()
    mine = a_subscription(reader, "gradient")
    a_subscription(reader, "hessian", enabled=False)
    consent.change_filter(reader.pk, mine.pk, Wanted("hessian", "hessian"))
    assert [(each.text, each.enabled) for each in reader.subscriptions.all()] == [
        ("hessian", True)
    ]


def test_nobody_changes_the_filter_of_another() -> None:
    theirs = a_subscription(text="gradient")
    wanted = Wanted("hessian", "hessian")
    assert not consent.change_filter(a_reader().pk, theirs.pk, wanted)
    theirs.refresh_from_db()
    assert theirs.text == "gradient"
    assert not TopicFilter.objects.filter(text="hessian").exists()


def test_a_term_is_muted_once_and_unmuted() -> None:
    reader = a_reader()
    first, again = consent.mute(reader.pk, SURVEY), consent.mute(reader.pk, SURVEY)
    assert first == again
    assert (first.text, first.filter.text) == ("Survey", "survey")
    consent.unmute(a_reader().pk, first.pk)
    assert reader.mutes.exists()
    consent.unmute(reader.pk, first.pk)
    assert not reader.mutes.exists()


def test_a_reader_mutes_a_bounded_number_of_terms() -> None:
    reader = a_reader()
    for number in range(settings.MUTES_PER_READER):
        consent.mute(reader.pk, Wanted(f"word{number}", f"word{number}"))
    with pytest.raises(consent.TooManyMutes):
        consent.mute(reader.pk, SURVEY)
    consent.mute(reader.pk, Wanted("word0", "word0"))  # an equal one takes no place


def test_a_filter_that_only_a_mute_uses_is_kept_until_it_is_unmuted() -> None:
    reader = a_reader()
    mute = consent.mute(reader.pk, SURVEY)
    now = timezone.now()
    assert consent.forget(now)["filters"] == 0
    consent.unmute(reader.pk, mute.pk)
    assert consent.forget(now + timedelta(hours=1))["filters"] == 1
    assert not TopicFilter.objects.exists()


def test_a_filter_that_was_changed_is_forgotten() -> None:
    mine = a_subscription(text="gradient")
    reader = mine.subscriber
    consent.change_filter(reader.pk, mine.pk, Wanted("hessian", "hessian"))
    consent.forget(timezone.now())
    assert [each.text for each in TopicFilter.objects.all()] == ["hessian"]


def test_erasing_takes_what_was_saved_and_muted_along() -> None:
    reader = a_reader()
    consent.save_paper(reader.pk, a_paper().pk)
    consent.mute(reader.pk, SURVEY)
    consent.erase(reader.pk)
    assert not SavedPaper.objects.exists()
    assert not Mute.objects.exists()
