"""The pages in Debian's Chromium: looks, keys, accessibility."""
