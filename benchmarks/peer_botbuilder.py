"""The same five questions in botbuilder-dialogs, stored durably in SQLite: turns per second, one after the other.

    uv run --no-project --python 3.11 --with botbuilder-dialogs==4.17.1 --with aiohttp==3.14.5 \
        python benchmarks/peer_botbuilder.py

Apart from the project, because it wants an older Babel. Prints JSON;
compare with "alone" of turns.py on the same machine.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from pathlib import Path

import jsonpickle
from botbuilder.core import BotAdapter, ConversationState, MessageFactory, Storage, TurnContext
from botbuilder.dialogs import DialogSet, WaterfallDialog, WaterfallStepContext
from botbuilder.dialogs.prompts import NumberPrompt, PromptOptions
from botbuilder.schema import Activity, ChannelAccount, ConversationAccount, ResourceResponse

QUESTIONS = ("accepted", "appreciated", "included", "supported", "myself")
STUDENTS = 100


class Sqlite(Storage):
    """One row a conversation, each write its own transaction."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("create table state (key text primary key, value text) without rowid")

    async def read(self, keys: list[str]) -> dict[str, object]:
        found = {}
        for key in keys:
            row = self.db.execute("select value from state where key = ?", [key]).fetchone()
            if row:
                found[key] = jsonpickle.decode(row[0])
        return found

    async def write(self, changes: dict[str, object]) -> None:
        self.db.execute("begin immediate")
        for key, value in changes.items():
            text = jsonpickle.encode(value)  # as its own storages do
            self.db.execute(
                "insert into state values (?, ?) on conflict (key) do update set value = excluded.value", [key, text]
            )
        self.db.execute("commit")

    async def delete(self, keys: list[str]) -> None:
        for key in keys:
            self.db.execute("delete from state where key = ?", [key])


class Nowhere(BotAdapter):
    """Answers are made and dropped."""

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        return [ResourceResponse(id="x") for _ in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> None: ...

    async def delete_activity(self, context: TurnContext, reference: object) -> None: ...


def _ask(name: str):  # noqa: ANN202
    async def step(context: WaterfallStepContext):  # noqa: ANN202
        if name != QUESTIONS[0]:
            context.values[str(len(context.values))] = context.result
        return await context.prompt("number", PromptOptions(prompt=MessageFactory.text(name)))

    return step


async def _last(context: WaterfallStepContext):  # noqa: ANN202
    await context.context.send_activity(MessageFactory.text("Thank you."))
    return await context.end_dialog()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = ConversationState(Sqlite(Path(folder) / "peer.sqlite3"))
        dialogs = DialogSet(state.create_property("dialogs"))
        dialogs.add(NumberPrompt("number"))
        dialogs.add(WaterfallDialog("check_in", [*map(_ask, QUESTIONS), _last]))
        adapter, turns = Nowhere(), 0

        async def logic(context: TurnContext) -> None:
            dialog = await dialogs.create_context(context)
            await dialog.continue_dialog() if dialog.active_dialog else await dialog.begin_dialog("check_in")
            await state.save_changes(context)

        began = time.perf_counter()
        for student in range(STUDENTS):
            for text in ("hello", *"44444"):
                activity = Activity(
                    type="message",
                    id=str(turns),
                    text=text,
                    locale="en-us",
                    channel_id="bench",
                    conversation=ConversationAccount(id=f"c{student}"),
                    from_property=ChannelAccount(id=f"u{student}"),
                    recipient=ChannelAccount(id="bot"),
                )
                await adapter.run_pipeline(TurnContext(adapter, activity), logic)
                turns += 1
        rate = turns / (time.perf_counter() - began)
    print(json.dumps({"botbuilder-dialogs 4.17.1, durable turns/s": rate, "turns": turns}))


if __name__ == "__main__":
    asyncio.run(main())
