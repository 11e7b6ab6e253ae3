"""What a reader changes by the link in the mail."""

import pytest
from django.conf import settings

from subscriptions import consent
from subscriptions.models import Letter
from tests.factories import a_reader, a_subscription

pytestmark = pytest.mark.django_db


def test_an_equal_filter_is_not_added_twice() -> None:
    reader = a_reader()
    first = consent.add_filter(reader.pk, consent.Wanted("Gradient", "gradient"))
    again = consent.add_filter(reader.pk, consent.Wanted("gradient", "gradient"))
    assert first == again


def test_a_reader_has_a_bounded_number_of_filters() -> None:
    reader = a_reader()
    for number in range(settings.FILTERS_PER_READER):
        text = f"word{number}"
        consent.add_filter(reader.pk, consent.Wanted(text, text))
    with pytest.raises(consent.TooManyFilters):
        consent.add_filter(reader.pk, consent.Wanted("more", "more"))


def test_only_ones_own_filters_are_changed_or_dropped() -> None:
    mine, theirs = a_subscription(text="mine"), a_subscription(text="theirs")
    me = mine.subscriber
    consent.edit_subscription(me.pk, theirs.pk, "stolen", enabled=False)
    consent.drop_filter(me.pk, theirs.pk)
    theirs.refresh_from_db()
    assert (theirs.name, theirs.enabled) == ("", True)
    consent.edit_subscription(me.pk, mine.pk, " My work ", enabled=False)
    mine.refresh_from_db()
    assert (mine.name, mine.enabled) == ("My work", False)
    consent.drop_filter(me.pk, mine.pk)
    assert not me.subscriptions.exists()


def test_schedule_and_format_are_kept() -> None:
    reader = a_reader()
    weekly = consent.Schedule("Asia/Tokyo", 6, "weekly", 0b0010000)
    consent.change_schedule(reader.pk, weekly)
    consent.change_format(reader.pk, 30, full_abstracts=False, text_only=True)
    reader.refresh_from_db()
    assert (reader.zone, reader.hour, reader.weekdays) == ("Asia/Tokyo", 6, 0b0010000)
    assert (reader.cap, reader.full_abstracts, reader.text_only) == (30, False, True)


def test_letters_on_empty_days_are_off_until_asked_for_and_stay_as_they_were() -> None:
    reader = a_reader()
    assert not reader.nothing_today
    consent.change_schedule(reader.pk, consent.Schedule(), nothing_today=True)
    consent.change_schedule(reader.pk, consent.Schedule(hour=6))
    reader.refresh_from_db()
    assert (reader.hour, reader.nothing_today) == (6, True)
    consent.replace_wishes(reader.email, [], consent.Schedule())  # an import
    reader.refresh_from_db()
    assert reader.nothing_today
    consent.change_schedule(reader.pk, consent.Schedule(), nothing_today=False)
    reader.refresh_from_db()
    assert not reader.nothing_today


def test_a_preferences_link_is_sent_to_active_readers_only() -> None:
    a_reader(email="here@example.org")
    a_reader(email="gone@example.org", state="unsubscribed")
    for address in ("here@example.org", "gone@example.org", "nobody@example.org"):
        consent.send_preferences_link(address)
    assert [each.subscriber.email for each in Letter.objects.all()] == [
        "here@example.org"
    ]


def test_who_has_as_many_filters_as_there_may_be_can_switch_one_on_so_too() -> None:
    reader = a_reader()
    for number in range(20):
        a_subscription(reader, f"word{number}", enabled=number > 0)
    consent.add_filter(reader.pk, consent.Wanted("word0", "word0"))
    assert reader.subscriptions.filter(enabled=True).count() == 20
    with pytest.raises(consent.TooManyFilters):
        consent.add_filter(reader.pk, consent.Wanted("word20", "word20"))


def test_adding_a_filter_that_is_there_and_off_switches_it_on() -> None:
    """The page says that it takes part from now on."""
    reader = a_reader()
    a_subscription(reader, "gradient", enabled=False)
    consent.add_filter(reader.pk, consent.Wanted("gradient", "gradient"))
    assert reader.subscriptions.get().enabled
