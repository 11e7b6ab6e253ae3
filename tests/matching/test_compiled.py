"""The process's matcher follows the table of filters."""

from __future__ import annotations

import logging

import pytest

from subscriptions.matching import compiled
from subscriptions.models import TopicFilter
from tests.factories import a_filter

from .documents import a_document

pytestmark = pytest.mark.django_db


def test_it_holds_every_stored_filter() -> None:
    row = a_filter("gradient")
    assert set(compiled().match([a_document("A gradient")]).filters()) == {row.pk}


def test_a_new_row_is_added_and_the_rest_left_alone() -> None:
    a_filter("gradient")
    before = compiled()
    row = a_filter("hessian")
    assert compiled() is before
    assert set(compiled().ids()) == {*TopicFilter.objects.values_list("pk", flat=True)}
    assert row.pk in compiled().match([a_document("A hessian")]).filters()


def test_a_deleted_row_is_discarded() -> None:
    row = a_filter("gradient")
    compiled()
    row.delete()
    assert len(compiled()) == 0


def test_an_id_given_anew_is_compiled_anew() -> None:
    row = a_filter("gradient")
    compiled()
    key = row.pk
    row.delete()
    mark = TopicFilter.fingerprint_of("hessian")
    TopicFilter.objects.create(pk=key, text="hessian", fingerprint=mark)
    assert compiled().match([a_document("A hessian")]).filters()
    assert not compiled().match([a_document("A gradient")]).filters()


def test_a_row_that_cannot_be_read_matches_nothing_and_is_logged_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    good = a_filter("gradient")
    TopicFilter.objects.create(text="(secret", fingerprint="0" * 64)
    with caplog.at_level(logging.ERROR):
        assert set(compiled().ids()) == {good.pk}
    assert "cannot be read" in caplog.text
    assert "secret" not in caplog.text
