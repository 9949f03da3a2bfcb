"""The page that is printed when Erbij is ready."""

from __future__ import annotations

from bot.settings import Settings
from bot.tryout import SLUG


def page(settings: Settings, port: int) -> str:
    """Where to click, which platforms are on, and what is missing for the others."""
    host = "localhost" if settings.loopback else settings.host
    here = f"http://{host}:{port}"
    if settings.is_tryout:
        lines = [
            "Erbij is ready: the try-out, with made-up people on this machine only.",
            "",
            f"  The chat       {here}/",
            f"  The case page  {here}/c/{SLUG}",
        ]
    else:
        lines = ["Erbij is ready.", "", f"  Case pages     {settings.public_url or here}/c/<community>"]
    lines.append(f"  Health         {here}/healthz")
    if settings.metrics_port:
        lines.append(f"  Metrics        http://127.0.0.1:{settings.metrics_port}/metrics")
    lines += ["", *_platforms(settings), ""]
    return "\n".join([*lines, "Stop with Ctrl+C."])


def _platforms(settings: Settings) -> list[str]:
    lines = [f"  Web            on ({'chat and case page' if settings.is_tryout else 'case page'})"]
    if settings.on_discord:
        lines.append("  Discord        on")
    else:
        lines.append("  Discord        off: needs ERBIJ_DISCORD_TOKEN")
    if settings.on_teams:
        lines.append("  Teams          on, at /api/messages")
    else:
        here = ", answers this machine only" if settings.is_tryout else ""
        lines.append(
            f"  Teams          off{here}: needs ERBIJ_TEAMS_APP_ID, ERBIJ_TEAMS_APP_SECRET, "
            "ERBIJ_TEAMS_TENANTS, ERBIJ_PUBLIC_URL"
        )
    return lines
