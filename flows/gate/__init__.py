"""The attention gate: what is in the way of every message that nobody asked for."""
