"""The clients of others have the emulator as others have it: by its plugin."""

from reconciler.emulator.pytest import graph_emulator, graph_emulator_of_the_session, graph_emulator_options

__all__ = ["graph_emulator", "graph_emulator_of_the_session", "graph_emulator_options"]
