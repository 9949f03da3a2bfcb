"""One Chromium for all; each test has pages of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.story import told

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield chromium
        await chromium.close()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A community with an open check-in and a new case."""
    async with told() as surface:
        yield surface.url
