"""The web adapter, over real HTTP on loopback, with flows that only write down what they get."""
