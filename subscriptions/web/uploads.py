"""No form of this site takes a file, so none is read."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Django writes a file of any size to the disk before a view or the check of a
    form's token looks at it. Here the answer is 400 where the first one begins."""

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise SuspiciousOperation("no form takes a file")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Of no file that was taken."""

    def file_complete(self, file_size: int) -> None:
        """Of no file that was taken."""
