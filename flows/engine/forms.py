"""Forms: pydantic models whose fields are questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as PydanticField

from flows import seam
from flows.engine.flow import FlowFault
from flows.engine.typed import clean
from flows.words import Msg, _, said

MAY_STAY_EMPTY = _("You can leave this empty.")
DRAFT = 20_000
"""Characters of a refused answer that are kept to be shown again."""


@dataclass(frozen=True, slots=True)
class Question:
    """One field: what is asked and which answers are possible."""

    text: Msg
    kind: Literal["scale", "options", "line", "pick"]
    required: bool = True
    help: Msg | None = None
    low: int = 1
    high: int = 5
    low_label: Msg | None = None
    high_label: Msg | None = None
    choices: tuple[tuple[str, Msg], ...] = ()
    most: int = 0
    long: bool = False
    exact: bool = False
    what: Literal["place", "role", "person"] = "place"
    many: bool = False

    def take(self, value: object) -> tuple[Any, Msg | None]:
        """(the answer as data, what is wrong with it or None)."""
        length = 0
        if isinstance(value, str):
            value, length = clean(value[: DRAFT + 1]), len(value)
        if value is None or value == "":
            return None, _("Please answer this one too.") if self.required else None
        match self.kind:
            case "scale":
                return self._number(value)
            case "options":
                wrong = None if value in dict(self.choices) else _("Please choose one of these.")
                return value, wrong
            case "line":
                return self._text(str(value), length)
            case "pick":
                return self._picked(value)

    def _number(self, value: object) -> tuple[Any, Msg | None]:
        try:
            number = int(str(value))
        except ValueError:
            number = self.low - 1
        if self.low <= number <= self.high and not isinstance(value, bool):
            return number, None
        return None, _("Please choose a number from {low} to {high}.", low=self.low, high=self.high)

    def _text(self, text: str, length: int) -> tuple[Any, Msg | None]:
        """``length`` is that of what came, of which no more than a little beyond a draft is looked at."""
        if length > DRAFT:
            wrong = _(
                "That is far more than the {most} characters that fit here. Its first {kept} are still here: please "
                "make it shorter.",
                most=self.most,
                kept=DRAFT,
            )
            return text, wrong  # with one too many, so that it is known for what it is when it is shown again
        if len(text) <= self.most:
            return text, None
        wrong = _(
            "{most} characters fit here, and this is {more} more. Please make it shorter: all of it is still here.",
            most=self.most,
            more=len(text) - self.most,
        )
        return text, wrong

    def _picked(self, value: object) -> tuple[Any, Msg | None]:
        each = value if isinstance(value, list | tuple) else [value]
        chosen = [asdict(replace(one, name=clean(one.name))) if isinstance(one, seam.Picked) else one for one in each]
        if not all(isinstance(one, dict) for one in chosen) or (len(chosen) != 1 and not self.many):
            return None, _("Please choose one of these.")
        return (chosen if self.many else chosen[0]), None

    def drawn(self, name: str, language: str, draft: Any, error: Msg | None, *, still_open: bool = True) -> seam.Field:
        """The field as adapters draw it."""

        def say(msg: Msg | None) -> str:
            return "" if msg is None else said(msg, language)

        kind: seam.Scale | seam.Options | seam.Line | seam.Pick
        match self.kind:
            case "scale":
                kind = seam.Scale(self.low, self.high, say(self.low_label), say(self.high_label))
            case "options":
                kind = seam.Options(tuple((v, say(label)) for v, label in self.choices))
            case "line":
                kind = seam.Line(self.most, self.long, self.exact)
            case "pick":
                kind = seam.Pick(self.what, self.many)
                if isinstance(draft, list):
                    draft = tuple(seam.Picked(**one) for one in draft)
                else:
                    draft = seam.Picked(**draft) if isinstance(draft, dict) else None
        return seam.Field(
            name, say(self.text), kind, self.about(language), self.required, draft, say(error), still_open
        )

    def about(self, language: str) -> str:
        """What stands beside the question, the same everywhere: whether it must be answered, and the help."""
        sentences = (None if self.required else MAY_STAY_EMPTY, self.help)
        return " ".join(said(one, language) for one in sentences if one is not None)


class Form(BaseModel):
    """Subclass it; give ``title``, ``submit`` and fields made by the functions below."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    title: ClassVar[Msg]
    submit: ClassVar[Msg] = _("Send")
    kept: ClassVar[bool] = True
    """False for what must be written down nowhere. Such a form has one field: a part of it would have to be kept."""
    questions: ClassVar[dict[str, Question]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Read the questions once, and complain now about a field that asks nothing."""
        super().__pydantic_init_subclass__(**kwargs)
        if not hasattr(cls, "title"):
            raise FlowFault(f"form {cls.__name__} has no title")
        cls.questions = {}
        for name, info in cls.model_fields.items():
            extra: Any = info.json_schema_extra
            if not isinstance(extra, dict) or not isinstance(extra.get("question"), Question):
                raise FlowFault(f"form {cls.__name__}: field {name} asks no question")
            cls.questions[name] = extra["question"]
        if not cls.kept and len(cls.questions) != 1:
            raise FlowFault(f"form {cls.__name__} is not kept, and so cannot have {len(cls.questions)} fields")

    @classmethod
    def take(cls, values: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Msg]]:
        """(good answers, drafts of wrong ones, what is wrong); fields that the form does not know are ignored."""
        good: dict[str, Any] = {}
        drafts: dict[str, Any] = {}
        wrong: dict[str, Msg] = {}
        for name, value in values.items():
            question = cls.questions.get(name)
            if question is None:
                continue
            answer, fault = question.take(value)
            if fault is None:
                good[name] = answer
            else:
                drafts[name], wrong[name] = answer, fault
        return good, drafts, wrong

    @classmethod
    def open_fields(cls, answers: Mapping[str, Any]) -> list[str]:
        """The questions without a valid answer, in order."""
        return [
            name
            for name, question in cls.questions.items()
            if name not in answers or question.take(answers[name])[1] is not None
        ]


def _field(question: Question, default: Any) -> Any:
    return PydanticField(default, json_schema_extra={"question": question})  # type: ignore[dict-item]


def scale(question: Msg, *, low_label: Msg, high_label: Msg, low: int = 1, high: int = 5) -> Any:
    """A whole number between two named ends."""
    return _field(
        Question(
            question,
            "scale",
            low=low,
            high=high,
            low_label=low_label,
            high_label=high_label,
        ),
        ...,
    )


def line(  # noqa: PLR0913  what a line can be
    question: Msg,
    *,
    most: int = 2000,
    long: bool = False,
    required: bool = True,
    exact: bool = False,
    help: Msg | None = None,  # noqa: A002
) -> Any:
    """Text of at most ``most`` characters; an ``exact`` one is a code, or words that were given."""
    return _field(
        Question(question, "line", required, help, most=most, long=long, exact=exact),
        ... if required else None,
    )


def options(question: Msg, choices: Sequence[tuple[str, Msg]], *, help: Msg | None = None) -> Any:  # noqa: A002
    """One of several values."""
    return _field(Question(question, "options", True, help, choices=tuple(choices)), ...)


def pick(
    question: Msg,
    what: Literal["place", "role", "person"],
    *,
    required: bool = True,
    many: bool = False,
    help: Msg | None = None,  # noqa: A002
) -> Any:
    """A channel, role or person of the space, as :class:`flows.seam.Picked`; with ``many`` a list of them."""
    return _field(Question(question, "pick", required, help, what=what, many=many), ... if required else None)
