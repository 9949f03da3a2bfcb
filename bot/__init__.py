"""The program: settings, wiring, command line, HTTP host, sender and clock."""
