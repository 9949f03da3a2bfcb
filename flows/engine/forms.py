"""A form is a value: questions with a title, made from a class of ours or from somebody's data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from flows.engine.fields import KINDS, Question
from flows.engine.flow import FlowFault
from flows.words import Words, _

SEND = _("Send")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
"""How a question may be called: platforms bring it back within an id of 100 characters."""


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """A form. Words in it that are a ``str`` are somebody's own and stay as they are; a ``Msg`` is translated."""

    title: Words
    questions: Mapping[str, Question]
    submit: Words = SEND
    kept: bool = True
    """False for what must be written down nowhere. Such a form has one question: a part of it would have to be kept."""

    def __post_init__(self) -> None:
        """Complain now about what cannot be asked."""
        if not self.questions or not self.title:
            raise FlowFault(f"the form {self.title!r} has no title, or asks nothing")
        if unfit := [name for name in self.questions if not _NAME.fullmatch(name)]:
            raise FlowFault(f"{unfit[0]!r} is no name for a question")
        if not self.kept and len(self.questions) != 1:
            raise FlowFault(f"the form {self.title!r} is not kept, and so cannot have {len(self.questions)} questions")

    def take(self, values: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Words]]:
        """(good answers, drafts of wrong ones, what is wrong); what the form does not ask is ignored."""
        good: dict[str, Any] = {}
        drafts: dict[str, Any] = {}
        wrong: dict[str, Words] = {}
        for name, value in values.items():
            question = self.questions.get(name)
            if question is None:
                continue
            answer, fault = question.take(value)
            if fault is None:
                good[name] = answer
            else:
                drafts[name], wrong[name] = answer, fault
        return good, drafts, wrong

    def open_fields(self, answers: Mapping[str, Any]) -> list[str]:
        """The questions without a valid answer, in order."""
        return [
            name
            for name, question in self.questions.items()
            if name not in answers or question.take(answers[name])[1] is not None
        ]

    def data(self) -> dict[str, Any]:
        """The form as a journal keeps it: what was asked stays asked, whatever becomes of where it came from."""
        names = {kind: name for name, kind in KINDS.items()}
        asked = {
            name: [names[type(one)], _adapter(type(one)).dump_python(one, mode="json")]
            for name, one in self.questions.items()
        }
        words = _adapter(_Heading).dump_python(_Heading(self.title, self.submit), mode="json")
        data: dict[str, Any] = {**words, "kept": self.kept, "questions": asked}
        if json.loads(json.dumps(data)) != data:
            raise FlowFault(f"the form {self.title!r} cannot be kept in a journal")
        return data

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Questions:
        """The form that a journal kept."""
        words = _adapter(_Heading).validate_python({"title": data["title"], "submit": data["submit"]})
        asked = {name: _adapter(KINDS[kind]).validate_python(one) for name, (kind, one) in data["questions"].items()}
        return cls(words.title, asked, words.submit, data["kept"])


@dataclass(frozen=True, slots=True)
class Completed:
    """A form from data, filled in and valid: the questions as this person was asked them, and the answers as data."""

    form: Questions
    answers: Mapping[str, Any]

    def rows(self) -> list[tuple[Words, Words]]:
        """Each question with its answer, as people read them; what stayed empty is left out."""
        given = ((one, self.answers.get(name)) for name, one in self.form.questions.items())
        return [(question.text, question.words(answer)) for question, answer in given if answer is not None]


class Form(BaseModel):
    """Subclass it; give ``title``, ``submit`` and fields made by the functions of :mod:`flows.engine.fields`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    title: ClassVar[Words]
    submit: ClassVar[Words] = SEND
    kept: ClassVar[bool] = True
    """See :class:`Questions`."""
    asked: ClassVar[Questions]
    questions: ClassVar[Mapping[str, Question]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Read the questions once, and complain now about a field that asks nothing."""
        super().__pydantic_init_subclass__(**kwargs)
        if not hasattr(cls, "title"):
            raise FlowFault(f"form {cls.__name__} has no title")
        questions: dict[str, Question] = {}
        for name, info in cls.model_fields.items():
            extra: Any = info.json_schema_extra
            if not isinstance(extra, dict) or not isinstance(extra.get("question"), Question):
                raise FlowFault(f"form {cls.__name__}: field {name} asks no question: make it with line(...), say")
            questions[name] = extra["question"]
        cls.questions = questions
        cls.asked = Questions(cls.title, questions, cls.submit, cls.kept)


@dataclass(frozen=True, slots=True)
class _Heading:
    title: Words
    submit: Words


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
