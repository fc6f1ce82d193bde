"""Merge the small catalogues of core and installed plugins into one compiled catalogue per language.

python build.py            compile (git-ignored <language>/LC_MESSAGES/messages.mo)
python build.py --missing  list messages in the code that lack a translation
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import structlog
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

log = structlog.get_logger("kith.web")
HERE = Path(__file__).resolve().parent
CORE = HERE.parents[1]
LANGUAGES = ("zh_Hans", "zh_Hant")
SOURCES = "sources.txt"  # beside each compiled catalogue: what it was made from
_KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "mark": None, "mark_plural": (1, 2), "lazy_ngettext": (1, 2)}
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
_SKIP = {"node_modules", "__pycache__", "static"}


@dataclass(frozen=True)
class Missing:
    """A message of the code without a translation in one language."""

    language: str
    message: str
    place: str  # file:line

    def __str__(self) -> str:
        return f"{self.language}  {self.place}  {self.message!r}"


def packages() -> list[Path]:
    """Folders whose code speaks to people: core, tenants, workers and installed plugins, core first."""
    found = [CORE]
    for name in ("kith_tenants", "kith_workers"):
        spec = find_spec(name)
        found += [Path(spec.origin).parent] if spec and spec.origin else []
    for point in sorted(entry_points(group="kith.plugins"), key=lambda one: one.name):
        spec = find_spec(point.module)
        found += [Path(spec.origin).parent] if spec and spec.origin else []
    return list(dict.fromkeys(found))


def sources(language: str, more: Sequence[Path] = ()) -> list[Path]:
    """The .po files of a language, core's before plugins'. `more`: packages that are not installed."""
    folders = [HERE, *(package / "translations" for package in dict.fromkeys([*packages(), *more]) if package != CORE)]
    return [path for folder in folders for path in sorted((folder / language).glob("*.po"))]


def merged(language: str, more: Sequence[Path] = ()) -> tuple[Catalog, list[str]]:
    """One catalogue of all parts, and a warning for each message that two files translate differently (the first wins)."""
    whole = Catalog(locale=language, fuzzy=False)
    origin: dict[object, Path] = {}
    warnings = []
    for path in sources(language, more):
        with path.open("rb") as file:
            part = read_po(file, locale=language, abort_invalid=True)
        for message in part:
            if not message.id or message.fuzzy or not _complete(message):
                continue
            key = (message.context, message.id if isinstance(message.id, str) else message.id[0])
            known = whole.get(key[1], message.context)
            if known is None:
                whole.add(message.id, message.string, flags=message.flags, context=message.context)
                origin[key] = path
            elif known.string != message.string:
                warnings.append(
                    f"{path.name} and {origin[key].name} translate {key[1]!r} differently; {origin[key].name} is used"
                )
    return whole, warnings


def compiled(language: str) -> Path:
    return HERE / language / "LC_MESSAGES" / "messages.mo"


def build() -> list[str]:
    """Write every catalogue; the warnings. Whole files appear at once, so a running site never reads half of one."""
    warnings = []
    for language in LANGUAGES:
        catalogue, found = merged(language)
        warnings += found
        buffer = BytesIO()
        write_mo(buffer, catalogue)
        target = compiled(language)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(buffer.getvalue())
        fresh.replace(target)
        target.with_name(SOURCES).write_text(_state(language), "utf-8")
    return warnings


def stale() -> bool:
    """Whether a catalogue was made from other files than there are now: a plugin came or went, a translation was mended.

    Times alone do not tell: files from a wheel are as old as the wheel says.
    """
    for language in LANGUAGES:
        noted = compiled(language).with_name(SOURCES)
        if not compiled(language).exists() or not noted.exists() or noted.read_text("utf-8") != _state(language):
            return True
    return False


def _state(language: str) -> str:
    """The files a catalogue is made from, with size and time of each."""
    found = ((path, path.stat()) for path in sources(language))
    return "".join(f"{path} {stat.st_size} {stat.st_mtime_ns}\n" for path, stat in found)


def ensure() -> None:
    """Build when something changed, where the place may be written: a plugin installed after `make` speaks all languages."""
    if stale():
        try:
            build()
        except OSError as error:
            log.warning("translations could not be compiled", error=str(error))


def missing(package: Path | None = None) -> list[Missing]:
    """Messages of the code (of one package, installed or not) that zh_Hans or zh_Hant does not translate, with their places."""
    more = [package] if package else []
    catalogues = {language: merged(language, more)[0] for language in LANGUAGES}
    found = []
    seen = set()
    for place, message, context in messages(more):
        for language, catalogue in catalogues.items():
            if (language, message, context) not in seen and catalogue.get(message, context) is None:
                found.append(Missing(language, message, place))
            seen.add((language, message, context))
    return found


def messages(places: Sequence[Path] | None = None) -> Iterator[tuple[str, str, str | None]]:
    """(file:line, message, context) of everything marked in the code and templates of packages, by default all of them."""
    for package in places or packages():
        extracted = extract_from_dir(
            package, _METHODS, _OPTIONS, keywords=_KEYWORDS, directory_filter=lambda folder: Path(folder).name not in _SKIP
        )
        for name, line, message, _comments, context in extracted:
            first = message[0] if isinstance(message, tuple) else message
            if first:
                yield f"{package.name}/{name}:{line}", first, context


def _complete(message: Message) -> bool:
    strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return all(strings)


def main(arguments: list[str]) -> int:
    """Build, or with --missing list what lacks; 0 when nothing is wrong."""
    if "--missing" in arguments:
        lacking = missing()
        for one in lacking:
            print(one)  # noqa: T201 - this script talks to the person at the terminal
        return 1 if lacking else 0
    for warning in build():
        print(f"› Translations: {warning}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
