"""What is wrong with a filter, said to the one who wrote it."""

from __future__ import annotations


class FilterError(ValueError):
    """A filter that cannot be read.

    `position` and `length` mark the wrong part of the text as it was given (0-based,
    in characters); `suggestion` is a sentence that says what to write instead.
    """

    def __init__(
        self, message: str, position: int, length: int, suggestion: str
    ) -> None:
        self.message = message
        self.position = position
        self.length = length
        self.suggestion = suggestion
        super().__init__(message, position, length, suggestion)

    def __str__(self) -> str:
        return f"At character {self.position + 1}: {self.message}. {self.suggestion}"


def shown(text: str) -> str:
    """A piece of a filter for a message: short, and without invisible characters."""
    visible = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return f"`{visible[:37]}...`" if len(visible) > 40 else f"`{visible}`"
