"""Settings: every mistake names file, key, value, what is allowed and the nearest right key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.config import Settings, default_home, home_folder, read_settings
from summaries.toml import Problems

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")


def test_the_example_holds_every_setting_with_its_default() -> None:
    assert Settings.model_validate(tomllib.loads(EXAMPLE)) == Settings()
    stated = tomllib.loads(EXAMPLE)
    for name, field in Settings.model_fields.items():
        assert name in stated
        default = field.default
        if isinstance(default, BaseModel):
            assert set(stated[name]) == set(type(default).model_fields)


def test_every_setting_of_the_example_is_explained_above_its_line() -> None:
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\w+ = ", line):
            above = [other for other in lines[max(0, number - 5) : number] if other.startswith("#")]
            assert above, line


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[answers]\nold_after_dyas = 3", "answers.old_after_dyas: unknown key. Did you mean 'old_after_days'?"),
        ("answrs = 1", "answrs: unknown key. Did you mean 'answers'? Allowed here: answers, briefing, discord"),
        ("[answers]\nold_after_days = 0", "answers.old_after_days = 0: it must be greater than or equal to 1."),
        ("[answers]\nold_after_days = '3'", "answers.old_after_days = '3': it must be a whole number."),
        ("[answers]\nold_after_days = true", "answers.old_after_days = True: it must be a whole number."),
        ("[answers]\nprefix = 'go '", "answers.prefix = 'go ': allowed: one to five characters"),
        ("[briefing]\nsummarizer = 'lexrang'", "allowed: news, lexrank, textrank, lsa, luhn, kl, sumbasic, reduction."),
        ("[briefing]\nsummarizer = 'lexrang'", "Did you mean 'lexrank'?"),
        ("store = 'x'", "store = 'x': it must be"),
        ("[discord]\ncontact = 'me'", "discord.contact = 'me': allowed: a web address or a mail address"),
        ("[discord]\ncontact = 'https://'", "discord.contact = 'https://': allowed: a web address or a mail address"),
        ("[feeds]\nprivate_hosts = '127.0.0.1:8080'", """8080': allowed: a list, such as ["127.0.0.1:8080"]"""),
        *(
            (
                f"[feeds]\nprivate_hosts = ['127.0.0.1:1', '{wrong}']",
                f"private_hosts[2] = '{wrong}': allowed: an IP add",
            )
            for wrong in (
                "localhost:8080",
                "127.0.0.1",
                "::1:8080",
                "[127.0.0.1]:80",
                "10.0.0.0/8",
                "127.0.0.1:0",
                "[::1]",
            )
        ),
        ("a = = 1", "not valid TOML"),
        ("[answers]\nold_after_days = 3\n[answers]", "not valid TOML"),
        ("dossier = 'no/such/folder'", "/no/such/folder': there is no such folder"),
    ],
)
def test_a_mistake_is_a_sentence(rollcall: Callable[..., Any], tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "my.toml"
    file.write_text(text, encoding="utf-8")
    said = rollcall("--config", str(file), "say", "!status Germany")
    assert said.code == 1
    assert said.out == ""
    assert sentence in said.err
    if "no/such" not in text:
        assert said.err.startswith(f"{file}: ")


def test_hosts_and_contacts_that_are_allowed() -> None:
    hosts = Settings.model_validate({"feeds": {"private_hosts": ["127.0.0.1:8080", "[0:0::1]:80"]}}).feeds.private_hosts
    assert hosts == ("127.0.0.1:8080", "[::1]:80")
    for contact in ("", "https://example.org", "mailto:me@example.org", "me@example.org"):
        assert Settings.model_validate({"discord": {"contact": contact}}).discord.contact == contact


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("x = 1\n[answers]\nold_after_days = 0\nprefix = 'long-prefix'\n", encoding="utf-8")
    with pytest.raises(Problems) as caught:
        read_settings(tmp_path, str(file), {})
    assert len(caught.value.problems) == 3


def test_where_settings_come_from(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[answers]\nold_after_days = 5\n")
    other = tmp_path / "other.toml"
    other.write_text("[answers]\nold_after_days = 6\n")
    assert read_settings(tmp_path, None, {}).answers.old_after_days == 5
    assert read_settings(tmp_path, None, {"ROLLCALL_CONFIG": str(other)}).answers.old_after_days == 6
    assert read_settings(tmp_path, str(other), {"ROLLCALL_CONFIG": "/nowhere"}).answers.old_after_days == 6
    assert read_settings(tmp_path / "elsewhere", None, {}).answers.old_after_days == 30
    with_url = read_settings(tmp_path, None, {"ROLLCALL_STORE_URL": "sqlite:///x"})
    assert with_url.store.url == "sqlite:///x"


def test_the_data_folder(tmp_path: Path) -> None:
    assert home_folder("/a", {"ROLLCALL_HOME": "/b"}) == Path("/a")
    assert home_folder(None, {"ROLLCALL_HOME": "/b"}) == Path("/b")
    assert home_folder(None, {}) == default_home()
    assert default_home().name == "rollcall"


def test_a_file_that_was_named_must_be_there(rollcall: Callable[..., Any]) -> None:
    said = rollcall("--config", "/nowhere/config.toml", "say", "!help")
    assert said.code == 1
    assert "/nowhere/config.toml: cannot be read" in said.err


def test_the_prefix_is_the_operators_choice(rollcall: Callable[..., Any], home: Path) -> None:
    (home / "config.toml").write_text("[answers]\nprefix = '$'\n")
    assert "$status Australia" in rollcall("say", "$help").out


def test_programs_get_their_error_as_json(rollcall: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("x = 1\ny = 2\n", encoding="utf-8")
    for command in (("say", "!help", "--json"), ("table", "check", "--json"), ("article", "x", "--json")):
        said = rollcall("--config", str(file), *command)
        assert said.code == 1
        assert said.json["ok"] is False
        problems = said.json.get("problems") or said.json["error"]["message"].splitlines()
        assert len(problems) == 2


def test_a_password_in_the_store_address_is_never_shown(
    rollcall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLCALL_STORE_URL", "postgresql://me:s3cret-word@127.0.0.1:1/none")
    said = rollcall("say", "!help")
    assert said.code == 1
    assert "s3cret-word" not in said.out + said.err
    assert "127.0.0.1" in said.err
