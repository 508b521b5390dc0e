"""What Discord answers when it refuses: a status, a code, a text, and for forms the nested list of what is wrong."""

from __future__ import annotations

from typing import Any

from tests.doubles.discord import rules


class Refusal(Exception):
    """An error answer. ``fault`` says that a careful bot would not have asked: it becomes a violation."""

    def __init__(
        self,
        code: int,
        why: str = "",
        *,
        status: int | None = None,
        message: str | None = None,
        errors: dict[str, Any] | None = None,
        fault: bool | None = None,
    ) -> None:
        known_status, known_message = rules.ERRORS.get(code, (400, "Error"))
        self.code = code
        self.status = known_status if status is None else status
        self.message = known_message if message is None else message
        self.errors = errors
        self.fault = code not in rules.NOBODYS_FAULT if fault is None else fault
        self.why = why
        super().__init__(f"{self.status} {code} {self.message} {why}".strip())

    def body(self) -> dict[str, Any]:
        """The JSON of the answer (docs/reference "Error Messages")."""
        answer: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            answer["errors"] = self.errors
        return answer


class Form:
    """Collects what is wrong with a body, so that it is answered in one go as Discord does."""

    def __init__(self) -> None:
        self.errors: dict[str, Any] = {}
        self.sentences: list[str] = []

    def add(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        """Notes one error at a place such as ``("embeds", 0, "title")``."""
        node = self.errors
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
        self.sentences.append(f"{'.'.join(map(str, path)) or 'body'}: {message}")

    def length(self, path: tuple[str | int, ...], value: object, most: int, least: int = 0) -> None:
        """A text of ``least`` to ``most`` characters, or nothing where nothing is allowed."""
        if value is None:
            if least:
                self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
        elif len(value) > most:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length. (has {len(value)})")
        elif len(value) < least:
            self.add(path, "BASE_TYPE_MIN_LENGTH", f"Must be {least} or more in length.")

    def count(self, path: tuple[str | int, ...], values: list[Any], most: int, least: int = 0) -> None:
        """A list of ``least`` to ``most`` entries."""
        if not least <= len(values) <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length. (has {len(values)})")

    def refuse(self, *, fault: bool = True) -> None:
        """Raises when anything is wrong."""
        if self.errors:
            raise Refusal(50035, "; ".join(self.sentences), errors=self.errors, fault=fault)
