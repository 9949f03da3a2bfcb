"""What Erbij says and does: the engine, and one folder per capability."""
