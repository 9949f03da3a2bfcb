"""Fields: the kinds of question that a form can ask, one in a file, each with how its answer is taken and drawn."""

from flows.engine.fields.day import Day, day
from flows.engine.fields.line import Line, line
from flows.engine.fields.number import Number, number
from flows.engine.fields.options import Options, options
from flows.engine.fields.pick import Pick, pick
from flows.engine.fields.question import DRAFT, Question
from flows.engine.fields.scale import Scale, scale
from flows.engine.fields.several import Several, several
from flows.engine.fields.time import Time, time
from flows.engine.fields.yes_or_no import YesOrNo, yes_or_no

KINDS: dict[str, type[Question]] = {
    "scale": Scale,
    "options": Options,
    "several": Several,
    "yes_or_no": YesOrNo,
    "line": Line,
    "number": Number,
    "day": Day,
    "time": Time,
    "pick": Pick,
}
"""Every kind by the name under which a journal keeps it."""

__all__ = [
    "DRAFT",
    "KINDS",
    "Day",
    "Line",
    "Number",
    "Options",
    "Pick",
    "Question",
    "Scale",
    "Several",
    "Time",
    "YesOrNo",
    "day",
    "line",
    "number",
    "options",
    "pick",
    "scale",
    "several",
    "time",
    "yes_or_no",
]
