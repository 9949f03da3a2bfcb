# What one types here: `uv run just`, and one of these words. CONTRIBUTING.md says when.

# these words
@_words:
    {{ just_executable() }} --list --unsorted

# start the try-out on http://localhost:3978
run:
    uv run erbij

# run the tests, or some: just test -n0 tests/flows
test *which:
    uv run pytest {{ which }}

# style, types, who may import whom, and whether every sentence is translated
check:
    uv run ruff check .
    uv run ruff format --check .
    uv run mypy
    uv run lint-imports
    uv run python scripts/words.py check

# bring new sentences into the catalogues, to be translated
words:
    uv run python scripts/words.py extract

# make the pictures in docs/pictures again
pictures:
    uv run python -m scripts.pictures
    uv run python -m scripts.pictures_discord
    uv run python -m scripts.pictures_teams
