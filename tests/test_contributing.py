"""The words that CONTRIBUTING.md says one types are those in the justfile."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def just(*words: str) -> str:
    return subprocess.run(["just", *words], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30).stdout


def test_the_words_one_types_are_those_in_the_justfile() -> None:
    recipes = json.loads(just("--dump", "--dump-format", "json"))["recipes"]
    shown = [name for name, one in recipes.items() if not one["private"]]
    said = re.findall(r"^\| `(\w+)` \|", CONTRIBUTING, re.MULTILINE)
    assert sorted(said) == sorted(shown)
    assert said == re.findall(r"^    (\w+) ", just(), re.MULTILINE)
    assert all(recipes[name]["doc"] for name in shown)


def test_what_a_word_runs_is_there() -> None:
    text = (ROOT / "justfile").read_text(encoding="utf-8")
    for path in re.findall(r"python (scripts/\w+\.py)", text):
        assert (ROOT / path).is_file(), path
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), module


def test_ci_checks_what_one_checks_oneself() -> None:
    assert "uv run just check" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
