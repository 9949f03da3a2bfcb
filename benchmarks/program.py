"""Erbij as it runs, with Discord and Teams on loopback: what events.py measures, in a process of its own.

Reads one line of JSON (where the platforms are), writes one (its port and the open round), and runs until SIGTERM or
until whoever started it is gone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from botframework.connector.auth import ChannelValidation
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from adapters.teams import trust
from bot import logs
from bot.program import Program
from bot.settings import Settings
from flows.engine.timers import found_community
from storage import check_ins, communities, places
from storage.days import DAY
from storage.keys import new_key
from storage.statement import Session


def point(where: dict[str, Any]) -> None:
    """Let the platforms' libraries call this machine."""
    Route.BASE = where["url"] + "/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = URL(where["url"].replace("http", "ws", 1) + "/gateway")
    ChannelValidation.open_id_metadata_endpoint = where["keys"]
    trust.ORIGINS.add(where["url"])


def seed(session: Session, program: Program, where: dict[str, Any]) -> str:
    """A community on both platforms with an open check-in; the round's id."""
    now = program.clock.now()
    community = found_community(session, program.catalogue, "bench", "Bench", "en", "UTC", now)
    for platform, space, place in where["spaces"]:
        communities.add_space(session, community, platform, space)
        places.choose(session, community, places.PlaceSet("students", platform, space, place, "students"))
    return check_ins.open_round(session, community, now, now + DAY)


async def run(where: dict[str, Any], folder: Path) -> None:
    settings = Settings(
        database_url=f"sqlite:///{folder / 'erbij.sqlite3'}",
        master_key=new_key(),
        port=0,
        public_url="https://bench.invalid",
        discord_token="not.a.token",
        teams_app_id=where["app"],
        teams_app_secret="none",
        teams_tenants=where["tenants"],
    )
    program = Program(settings)
    program.open()
    program.adapters["teams"]._connector.credentials.get_access_token = lambda force_refresh=False: "stub"
    this = program.database.run_now(lambda s: seed(s, program, where))
    loop = asyncio.get_running_loop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(program.stop)), daemon=True).start()
    await program.run(lambda: print(json.dumps({"port": program.host.port, "round": this}), flush=True))


def main() -> None:
    logs.set_up(level=logging.ERROR)
    where = json.loads(sys.stdin.readline())
    point(where)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(where, Path(folder)))


if __name__ == "__main__":
    main()
