"""Every capability folder is found, and what it names exists."""

from __future__ import annotations

from pathlib import Path

import flows
from flows.catalogue import catalogue
from flows.engine import Form
from flows.words import LANGUAGES, said


def test_every_folder_with_a_capability_is_found() -> None:
    folders = {path.parent.name for path in Path(flows.__file__).parent.glob("*/__init__.py")}
    assert folders - {"engine", "words"} >= {"basics", "cases", "check_ins"}
    assert {"help", "check_in", "belonging_case"} <= catalogue().flows.keys()


def test_buttons_of_flows_fit_a_platforms_id() -> None:
    longest = max(catalogue().flows, key=len)
    assert len(f"s.{longest}.{'x' * 22}") <= 100


def test_a_question_fits_its_place_in_every_language() -> None:
    # 45 characters is the narrowest place there is for a question: a label in a Discord modal.
    for form in Form.__subclasses__():
        if not form.__module__.startswith("flows."):
            continue
        for question in form.questions.values():
            for language in LANGUAGES:
                assert len(said(question.text, language)) <= 45, said(question.text, language)
                assert len(question.about(language)) <= 100
