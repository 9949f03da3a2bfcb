"""Danger: whom somebody can turn to, and a few words at which Erbij says so at once. Erbij itself is no helpline."""
