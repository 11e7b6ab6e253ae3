import os, pytest
from django.conf import settings
from tests.factories import *
@pytest.mark.django_db
def test_x(shared):
    print(settings.VAR_DIR, settings.DEBUG, settings.EMBEDDED_INBOX)
    l = a_listing(); print(l.frozen, l.edition.papers); a_reader(); assert shared
