"""An operator at the desk."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def operator(db: None) -> User:
    # Without a password: hashing one takes longer than the test.
    return User.objects.create(username="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def desk(operator: User) -> Client:
    """A browser in which the operator has signed in."""
    client = Client()
    client.force_login(operator)
    return client
