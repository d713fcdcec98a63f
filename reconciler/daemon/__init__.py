"""The long-running process: when passes are made, what is renewed, and how it is to be told that all is well.

Knows of manifests only what ``Loaded`` values of the command say; the command joins it with everything else.
"""
