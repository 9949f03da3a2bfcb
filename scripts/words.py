"""Keeps the catalogues up to the sentences in the code.

``uv run python scripts/words.py extract`` adds new sentences and drops old ones; ``check`` fails when one is missing,
no longer used, or has other placeholders than its source.
"""

from __future__ import annotations

import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from flows.words import LANGUAGES, LOCALE, SOURCE  # noqa: E402  run as a script, the project is beside, not installed

ROOMS = ("flows", "adapters", "bot")
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "n_": (1, 2)}


def template() -> Catalog:
    """Every sentence in the code, with the files it stands in."""
    found = Catalog(project="Erbij", charset="utf-8")
    for room in ROOMS:
        for name, _line, text, _comments, _context in extract_from_dir(str(ROOT / room), METHODS, keywords=KEYWORDS):
            found.add(text, locations=[(f"{room}/{name}", 0)])
    return found


def path_of(language: str) -> Path:
    """Where a language's catalogue is kept."""
    return LOCALE / language / "LC_MESSAGES" / "erbij.po"


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it is kept; empty when there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="Erbij", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def extract() -> int:
    """Add new sentences, untranslated, and drop those no longer used. Returns how many wait for a translation."""
    waiting = 0
    for language in _translated():
        kept = catalogue(language)
        new = template()
        new.creation_date = kept.creation_date
        kept.update(new, no_fuzzy_matching=True)
        kept.obsolete.clear()
        kept.fuzzy = False
        kept.header_comment = f"# Erbij in {language}. Made by scripts/words.py; translate here, below each sentence."
        kept.msgid_bugs_address, kept.last_translator, kept.language_team = "", "", ""
        waiting += sum(1 for message in kept if message.id and not _said(message))
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        with path_of(language).open("wb") as file:
            write_po(file, kept, width=110, sort_by_file=True, include_lineno=False)
    return waiting


def faults() -> Iterator[str]:
    """What is wrong with the catalogues, one line each."""
    needed = {message.id: message for message in template() if message.id}
    for language in _translated():
        kept = {message.id: message for message in catalogue(language) if message.id}
        for sentence in needed.keys() - kept.keys():
            yield f"{language}: not in the catalogue: {sentence}"
        for sentence in kept.keys() - needed.keys():
            yield f"{language}: no longer used: {sentence}"
        for sentence in needed.keys() & kept.keys():
            yield from (f"{language}: {fault}: {sentence}" for fault in _wrong(kept[sentence]))


def _wrong(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "marked as fuzzy"
    if not _said(message):
        yield "without a translation"
        return
    sources = message.id if isinstance(message.id, tuple) else (message.id,)
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    allowed = [placeholders(source) for source in sources]
    for text in said:
        if placeholders(text) not in allowed:
            yield f"has other placeholders: {text!r}"


def placeholders(text: str) -> frozenset[str]:
    """The names in a sentence's ``{braces}``."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def _said(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _translated() -> list[str]:
    return [language for language in LANGUAGES if language != SOURCE]


def main(arguments: list[str]) -> int:
    """Run one of the two commands; returns the exit code."""
    match arguments:
        case ["extract"]:
            sys.stdout.write(f"{extract()} sentences wait for a translation\n")
            return 0
        case ["check"]:
            found = sorted(faults())
            sys.stdout.write("".join(f"{fault}\n" for fault in found))
            return 1 if found else 0
    sys.stdout.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
