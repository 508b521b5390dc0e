"""Bodies of messages, modals and command lists against Discord's rules. What depends on nothing but the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.doubles.discord import rules
from tests.doubles.discord.errors import Form, Refusal
from tests.doubles.discord.messages import walk

Path = tuple[str | int, ...]
Body = dict[str, Any]


def message(
    body: Body, files: list[tuple[str, bytes]], *, flags: int = rules.MESSAGE_FLAGS, edit: bool = False
) -> None:
    """A message's body: docs/resources/message "Create Message" and "Edit Message"."""
    form = Form()
    form.length(("content",), body.get("content"), rules.CONTENT)
    _embeds(form, _list(form, body, "embeds"))
    set_flags = body.get("flags") or 0
    if not isinstance(set_flags, int):
        form.add(("flags",), "NUMBER_TYPE_COERCE", f"Value {set_flags!r} is not an integer.")
        set_flags = 0
    if set_flags & ~flags:
        form.add(("flags",), "FLAGS_INVALID", f"Flags {set_flags & ~flags:#x} can't be set here.")
    _nonce(form, body)
    _allowed_mentions(form, body.get("allowed_mentions"))
    components = _list(form, body, "components")
    if set_flags & rules.COMPONENTS_V2:
        components_v2(form, components)
        for key in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(key):
                form.add((key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "Not with IS_COMPONENTS_V2.")
    else:
        components_legacy(form, components)
    _files(form, body, files)
    form.refuse()
    if len(files) > rules.FILES:
        raise Refusal(30015)
    if any(len(data) > rules.FILE_BYTES for _, data in files):
        raise Refusal(40005, f"a file of more than {rules.FILE_BYTES} bytes")
    parts = ("embeds", "components", "sticker_ids", "poll", "attachments")
    if not edit and not (body.get("content") or "").strip() and not files and not any(body.get(key) for key in parts):
        raise Refusal(50006)


def _list(form: Form, body: Body, key: str) -> list[Any]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        form.add((key,), "LIST_TYPE_CONVERT", "Only lists of objects may be used here.")
        return []
    return value


def _nonce(form: Form, body: Body) -> None:
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        form.length(("nonce",), nonce, rules.NONCE)
    elif isinstance(nonce, int) and not -(2**63) <= nonce < 2**63:
        form.add(("nonce",), "NONCE_TYPE_RANGE", "Integer is out of int64 range.")


def _embeds(form: Form, embeds: list[Body]) -> None:
    form.count(("embeds",), embeds, rules.EMBEDS)
    total = 0
    for number, embed in enumerate(embeds):
        here: Path = ("embeds", number)
        footer, author = embed.get("footer") or {}, embed.get("author") or {}
        texts = [
            ((*here, "title"), embed.get("title"), rules.EMBED_TITLE),
            ((*here, "description"), embed.get("description"), rules.EMBED_DESCRIPTION),
            ((*here, "footer", "text"), footer.get("text"), rules.EMBED_FOOTER),
            ((*here, "author", "name"), author.get("name"), rules.EMBED_AUTHOR),
        ]
        fields = embed.get("fields") or []
        form.count((*here, "fields"), fields, rules.EMBED_FIELDS)
        for place, entry in enumerate(fields):
            for key, most in (("name", rules.EMBED_FIELD_NAME), ("value", rules.EMBED_FIELD_VALUE)):
                value = entry.get(key)
                if not isinstance(value, str) or not value.strip():
                    form.add((*here, "fields", place, key), "BASE_TYPE_REQUIRED", "This field is required")
                else:
                    texts.append(((*here, "fields", place, key), value, most))
        for path, value, most in texts:
            # "Leading and trailing whitespace characters are trimmed and not counted".
            trimmed = value.strip() if isinstance(value, str) else value
            form.length(path, trimmed, most)
            total += len(trimmed or "")
        urls = [((*here, "url"), embed.get("url"), False)]
        urls += [((*here, kind, "url"), (embed.get(kind) or {}).get("url"), True) for kind in ("image", "thumbnail")]
        urls.append(((*here, "author", "url"), author.get("url"), False))
        for path, url, attached in urls:
            fine = url is None or str(url).startswith(
                ("http://", "https://") + (("attachment://",) if attached else ())
            )
            if not fine:
                form.add(path, "URL_TYPE_INVALID_SCHEME", f"Scheme of {url!r} must be one of http, https.")
    if total > rules.EMBED_TOTAL:
        form.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds {rules.EMBED_TOTAL}. (has {total})")


def _allowed_mentions(form: Form, allowed: Any) -> None:
    if allowed is None:
        return
    here: Path = ("allowed_mentions",)
    if not isinstance(allowed, dict):
        form.add(here, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    parse = allowed.get("parse") or []
    if unknown := set(parse) - rules.MENTION_KINDS:
        form.add((*here, "parse"), "BASE_TYPE_CHOICES", f"{sorted(unknown)} are no kinds of mentions.")
    for kind in ("users", "roles"):
        listed = allowed.get(kind) or []
        form.count((*here, kind), listed, rules.ALLOWED_MENTIONS)
        if len({str(entry) for entry in listed}) != len(listed):
            form.add((*here, kind), "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
        if listed and kind in parse:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            form.add(here, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


def _files(form: Form, body: Body, files: list[tuple[str, bytes]]) -> None:
    for place, attachment in enumerate(_list(form, body, "attachments")):
        form.length(("attachments", place, "description"), attachment.get("description"), rules.FILE_DESCRIPTION)
        ident = str(attachment.get("id", ""))
        if not ident.isdigit():
            form.add(("attachments", place, "id"), "BASE_TYPE_REQUIRED", "This field is required")
        elif len(ident) < 15 and int(ident) >= len(files):
            form.add(("attachments", place, "id"), "UPLOADED_FILE_NOT_FOUND", f"There is no files[{ident}].")


def components_legacy(form: Form, components: list[Body]) -> None:
    """Rows of buttons, or of one select: docs/components/reference "Legacy Message Component Behavior"."""
    form.count(("components",), components, rules.ROWS)
    for place, row in enumerate(components):
        here: Path = ("components", place)
        if row.get("type") != rules.ROW:
            form.add((*here, "type"), "UNION_TYPE_CHOICES", "Value of field 'type' must be 1 without IS_COMPONENTS_V2.")
            continue
        _row(form, here, row)
    _custom_ids(form, components)


def components_v2(form: Form, components: list[Body]) -> None:
    """Layouts: docs/components/reference "Components V2"."""
    everything = list(walk(components))
    if len(everything) > rules.V2_COMPONENTS:
        form.add(
            ("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"{len(everything)} components, 40 allowed."
        )
    text = sum(len(c.get("content") or "") for c in everything if c.get("type") == rules.TEXT_DISPLAY)
    if text > rules.V2_TEXT:
        form.add(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"{text} characters, 4000 allowed.")
    _layout(form, ("components",), components, top=True)
    _custom_ids(form, components)


def _layout(form: Form, path: Path, components: list[Body], *, top: bool) -> None:
    for place, component in enumerate(components):
        here = (*path, place)
        kind = component.get("type")
        if kind == rules.ROW:
            _row(form, here, component)
        elif kind == rules.TEXT_DISPLAY:
            form.length((*here, "content"), component.get("content"), rules.V2_TEXT, 1)
        elif kind == rules.SECTION:
            form.count((*here, "components"), component.get("components") or [], rules.SECTION_TEXTS, 1)
            accessory = component.get("accessory") or {}
            if accessory.get("type") not in (rules.BUTTON, rules.THUMBNAIL):
                form.add((*here, "accessory"), "BASE_TYPE_REQUIRED", "A section has a button or a thumbnail.")
            elif accessory["type"] == rules.BUTTON:
                _button(form, (*here, "accessory"), accessory)
        elif kind == rules.GALLERY_KIND:
            form.count((*here, "items"), component.get("items") or [], rules.GALLERY, 1)
        elif kind == rules.FILE_KIND:
            if not str((component.get("file") or {}).get("url")).startswith("attachment://"):
                form.add((*here, "file", "url"), "URL_TYPE_INVALID_SCHEME", "Only attachment:// is supported.")
        elif kind == rules.CONTAINER and top:
            _layout(form, (*here, "components"), component.get("components") or [], top=False)
        elif kind != rules.SEPARATOR:
            form.add((*here, "type"), "UNION_TYPE_CHOICES", f"A component of type {kind} can't be here.")


def _row(form: Form, here: Path, row: Body) -> None:
    inner = row.get("components") or []
    form.count((*here, "components"), inner, rules.ROW_BUTTONS, 1)
    if any(c.get("type") in rules.SELECTS for c in inner) and len(inner) > 1:
        form.add((*here, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A select fills its row.")
    for place, component in enumerate(inner):
        at = (*here, "components", place)
        if component.get("type") == rules.BUTTON:
            _button(form, at, component)
        elif component.get("type") in rules.SELECTS:
            _select(form, at, component)
        else:
            form.add((*at, "type"), "UNION_TYPE_CHOICES", f"A component of type {component.get('type')} can't be here.")


def _button(form: Form, here: Path, button: Body) -> None:
    style = button.get("style")
    form.length((*here, "label"), button.get("label"), rules.BUTTON_LABEL)
    form.length((*here, "url"), button.get("url"), rules.BUTTON_URL)
    needed = {rules.LINK_BUTTON: "url", rules.PREMIUM_BUTTON: "sku_id"}.get(style or 0, "custom_id")
    for key in ("url", "sku_id", "custom_id"):
        has = button.get(key) is not None
        if has != (key == needed):
            say = "This field is required" if key == needed else f"A button of style {style} has no {key}."
            form.add((*here, key), "BUTTON_COMPONENT_INVALID", say)
    if style not in range(1, 7):
        form.add((*here, "style"), "BASE_TYPE_CHOICES", "Value must be one of 1 to 6.")
    if needed == "url" and not str(button.get("url")).startswith(("http://", "https://", "discord://")):
        form.add((*here, "url"), "URL_TYPE_INVALID_SCHEME", f"{button.get('url')!r} is no link.")
    if needed != "sku_id" and not button.get("label") and not button.get("emoji"):
        form.add((*here, "label"), "BUTTON_COMPONENT_INVALID", "A button has a label or an emoji.")


def _select(form: Form, here: Path, select: Body) -> None:
    form.length((*here, "placeholder"), select.get("placeholder"), rules.PLACEHOLDER)
    if select.get("type") != rules.SELECT:
        return
    options = select.get("options") or []
    form.count((*here, "options"), options, rules.OPTIONS, 1)
    for place, option in enumerate(options):
        for key, least in (("label", 1), ("value", 1), ("description", 0)):
            form.length((*here, "options", place, key), option.get(key), rules.OPTION_TEXT, least)
    if len({option.get("value") for option in options}) != len(options):
        form.add((*here, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The option values are not unique.")


def _custom_ids(form: Form, components: list[Body]) -> None:
    seen: set[str] = set()
    numbers = [component["id"] for component in walk(components) if component.get("id")]
    if len(set(numbers)) != len(numbers):
        form.add(("components",), "COMPONENT_ID_DUPLICATED", "The ids of components must be unique.")
    for component in walk(components):
        interactive = component.get("type") in rules.SELECTS or component.get("type") == rules.TEXT
        if "custom_id" in component or interactive:
            form.length(("components", "custom_id"), component.get("custom_id"), rules.CUSTOM_ID, 1)
        custom_id = component.get("custom_id")
        if custom_id is not None:
            if custom_id in seen:
                form.add(("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", f"custom_id {custom_id!r} is there twice.")
            seen.add(custom_id)


def modal(data: Body) -> None:
    """A form to fill in: docs/interactions/receiving-and-responding "Modal"."""
    form = Form()
    form.length(("data", "title"), data.get("title"), rules.MODAL_TITLE, 1)
    form.length(("data", "custom_id"), data.get("custom_id"), rules.CUSTOM_ID, 1)
    components = _list(form, data, "components")
    form.count(("data", "components"), components, rules.MODAL_COMPONENTS, 1)
    for place, component in enumerate(components):
        here: Path = ("data", "components", place)
        if component.get("type") == rules.LABEL:
            form.length((*here, "label"), component.get("label"), rules.LABEL_TEXT, 1)
            form.length((*here, "description"), component.get("description"), rules.LABEL_DESCRIPTION)
        for inner in walk([component]):
            if inner.get("type") == rules.TEXT:
                form.length((*here, "placeholder"), inner.get("placeholder"), 100)
                form.length((*here, "value"), inner.get("value"), inner.get("max_length") or rules.TEXT_INPUT)
                if component.get("type") == rules.ROW:
                    form.length((*here, "label"), inner.get("label"), rules.LABEL_TEXT, 1)
            elif inner.get("type") in rules.SELECTS:
                _select(form, here, inner)
    _custom_ids(form, components)
    form.refuse()


def choices(data: Body) -> None:
    """Suggestions for an option that is being typed."""
    form = Form()
    given = _list(form, data, "choices")
    form.count(("data", "choices"), given, rules.CHOICES)
    for place, choice in enumerate(given):
        form.length(("data", "choices", place, "name"), choice.get("name"), rules.CHOICE_TEXT, 1)
        if isinstance(choice.get("value"), str):
            form.length(("data", "choices", place, "value"), choice["value"], rules.CHOICE_TEXT)
    form.refuse()


def commands(body: list[Body], *, in_guild: bool) -> None:
    """A whole set of commands: docs/interactions/application-commands."""
    form = Form()
    if not isinstance(body, list):
        raise Refusal(50035, "a list of commands is expected")
    names: set[tuple[int, str]] = set()
    for place, command in enumerate(body):
        kind = command.get("type") or 1
        key = (kind, str(command.get("name")))
        if key in names:
            form.add((place, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
        names.add(key)
        _command(form, (place,), command, chat_input=kind == 1)
        if in_guild and (command.get("contexts") or command.get("integration_types")):
            form.add((place, "contexts"), "APPLICATION_COMMAND_CONTEXTS_GUILD", "Only for global commands.")
    form.refuse()
    for kind, most in rules.COMMANDS.items():
        if sum(key[0] == kind for key in names) > most:
            raise Refusal(30032)


def _command(form: Form, here: Path, command: Body, *, chat_input: bool) -> None:
    _named(form, here, command, described=chat_input, chat_input=chat_input)
    if not chat_input and (command.get("description") or command.get("options")):
        form.add(here, "APPLICATION_COMMAND_CONTEXT_MENU", "Context menu commands have no description and no options.")
    if (size := _characters(command)) > rules.COMMAND_CHARACTERS:
        form.add(here, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size (8000). (has {size})")
    _options(form, here, command.get("options") or [], depth=0)


def _named(form: Form, here: Path, entry: Body, *, described: bool, chat_input: bool = True) -> None:
    names: list[tuple[Path, Any]] = [((*here, "name"), entry.get("name"))]
    names += [((*here, "name_localizations", k), v) for k, v in (entry.get("name_localizations") or {}).items()]
    for path, name in names:
        if not isinstance(name, str) or not rules.command_name(name, chat_input=chat_input):
            form.add(path, "APPLICATION_COMMAND_INVALID_NAME", f"Command name {name!r} is invalid")
    if described:
        form.length((*here, "description"), entry.get("description"), rules.COMMAND_DESCRIPTION, 1)
        for locale, text in (entry.get("description_localizations") or {}).items():
            form.length((*here, "description_localizations", locale), text, rules.COMMAND_DESCRIPTION, 1)
    for key in ("name_localizations", "description_localizations"):
        if unknown := set(entry.get(key) or {}) - rules.LOCALES:
            form.add((*here, key), "ENUM_TYPE_COERCE", f"{sorted(unknown)} are no locales of Discord.")


def _options(form: Form, here: Path, options: list[Body], *, depth: int) -> None:
    form.count((*here, "options"), options, rules.COMMAND_OPTIONS)
    optional = False
    names: set[str] = set()
    for place, option in enumerate(options):
        at = (*here, "options", place)
        _named(form, at, option, described=True)
        if option.get("name") in names:
            form.add((*at, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
        names.add(str(option.get("name")))
        kind = option.get("type")
        if kind in (1, 2):
            if depth >= 3 - kind:
                form.add((*at, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands are nested too deep.")
            if kind == 2 and not option.get("options"):
                form.add((*at, "options"), "BASE_TYPE_REQUIRED", "A group has sub-commands.")
            _options(form, at, option.get("options") or [], depth=depth + 1)
            continue
        if option.get("required") and optional:
            message = "Required options must be placed before non-required options"
            form.add((*at, "required"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional = optional or not option.get("required")
        _choices(form, at, option)
    kinds = {option.get("type") in (1, 2) for option in options}
    if len(kinds) > 1:
        message = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        form.add((*here, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)


def _choices(form: Form, at: Path, option: Body) -> None:
    given = option.get("choices") or []
    form.count((*at, "choices"), given, rules.CHOICES)
    if given and option.get("autocomplete"):
        form.add(
            (*at, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE", "Choices or autocomplete, not both."
        )
    for number, choice in enumerate(given):
        form.length((*at, "choices", number, "name"), choice.get("name"), rules.CHOICE_TEXT, 1)
        if isinstance(choice.get("value"), str):
            form.length((*at, "choices", number, "value"), choice["value"], rules.CHOICE_TEXT, 1)
    for key in ("name", "value"):
        if len({choice.get(key) for choice in given}) != len(given):
            form.add(
                (*at, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", f"A {key} is there twice."
            )


def _characters(entry: Body) -> int:
    """Name, description and values; of localised texts the longest counts."""
    longest: Callable[[str], int] = lambda key: max(  # noqa: E731 - shorter than a function of its own
        [len(entry.get(key) or ""), *(len(text) for text in (entry.get(f"{key}_localizations") or {}).values())]
    )
    own = longest("name") + longest("description")
    own += sum(len(choice["name"]) + len(str(choice["value"])) for choice in entry.get("choices") or [])
    return own + sum(_characters(option) for option in entry.get("options") or [])
