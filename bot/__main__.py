"""``python -m bot`` is ``erbij``."""

from bot.cli import app

app(prog_name="erbij")
