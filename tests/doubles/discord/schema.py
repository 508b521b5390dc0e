"""Request bodies against Discord's official OpenAPI file, where it lies next to the repository.

The file is no gateway's, leaves rules out and is stricter than Discord in places: it says that snowflakes are strings,
though numbers are taken (and discord.py sends them), and permissions integers, though strings are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

_FILE = Path(__file__).resolve().parents[3].parent / "shared" / "discord" / "openapi.json"

available = _FILE.is_file()


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    document["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
    return document


def _reference(validator: Any, ref: str, instance: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    yield from validator.descend(instance, _document()["components"]["schemas"][ref.rsplit("/", 1)[1]])


def _integer(checker: Any, instance: Any) -> bool:
    return isinstance(instance, int) and not isinstance(instance, bool)


def _one_of(validator: Any, choices: list[Any], instance: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    """Unions. Where the type of a component or option tells which one is meant, its errors are the useful ones."""
    errors: list[ValidationError] = []
    for choice in choices:
        wrong = next(iter(validator.evolve(schema=choice).iter_errors(instance)), None)
        if wrong is None:
            return
        errors.append(wrong)
    deepest = max(errors, key=lambda error: len(error.absolute_path))
    yield deepest


_Validator = validators.extend(
    Draft202012Validator,
    {"$ref": _reference, "oneOf": _one_of, "anyOf": _one_of},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _integer),
)


@cache
def _validator(method: str, template: str, content_type: str) -> Any:
    operation = _document()["paths"].get(template, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    # The parts of a form are checked by the double; its JSON is what the JSON form of the call would be.
    chosen = content.get("application/json") or content.get(content_type)
    return _Validator(chosen["schema"]) if chosen else None


def problem(method: str, template: str, content_type: str, body: Any) -> str | None:
    """What the file says is wrong with a body, or None."""
    if not available:
        return None
    validator = _validator(method, template, content_type)
    if validator is None:
        return None
    wrong = next(iter(validator.iter_errors(_tolerated(body))), None)
    if wrong is None:
        return None
    return f"{'.'.join(map(str, wrong.absolute_path)) or 'body'}: {wrong.message[:200]}"


def _tolerated(body: Any) -> Any:
    """Permissions as strings, which the documentation asks for, are integers in the file."""
    if isinstance(body, list):
        return [_tolerated(entry) for entry in body]
    if isinstance(body, dict) and isinstance(body.get("default_member_permissions"), str):
        return {**body, "default_member_permissions": int(body["default_member_permissions"])}
    return body
