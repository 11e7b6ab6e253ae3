"""Where an installation keeps what is its own: the file of settings, VAR_DIR, the key.

Asked before there are settings. What cannot be used stops the start with its name, what
it was and what it takes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv


def take_env_file(given: str | None, usual: Path) -> None:
    """Into the environment with what the file says; what is set already, stays.

    `given`: the variable ENV_FILE. None: the usual one, if it is there; "": none.
    """
    if given == "":
        return
    path = Path(given) if given else usual
    try:
        if given and (not path.exists() or path.is_dir()):
            raise ImproperlyConfigured(
                f"ENV_FILE is {given!r}; it takes a file that is there, or nothing at"
                " all."
            )
        load_dotenv(path)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ImproperlyConfigured(
            f"The settings in {path} cannot be read: {why}; it takes a text file that"
            " the user who runs this may read."
        ) from None


def folder(text: str, base: Path) -> Path:
    """The folder, made where it is not there: for its user alone, for a database in it
    holds every address. A relative one is meant from `base`: a mail server that calls
    `manage.py returns` does so from a folder of its own."""
    path = base / text
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"takes a folder that is there or can be made: {error.strerror}"
        ) from None
    return path


def secret_key(var: Path) -> str:
    """The key in `var`, made on the first start; linked into place whole and written
    out, so that two starts at once agree on one and no power cut leaves it empty."""
    path = var / "secret_key"
    try:
        if not path.exists():
            _make(path)
        key = path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path}, the key that signs links, cannot be read or made:"
            f" {error.strerror}; it takes the user whom VAR_DIR belongs to."
        ) from None
    if not key:
        raise ImproperlyConfigured(
            f"{path}, the key that signs links, is empty; put it back from a backup."
            " Without the file a new one is made, and links in sent mails are dead."
        )
    return key


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        with draft.open("w") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
