"""A seeded fuzzer of every boundary: inputs made from good ones and from grammars, and what must not happen with them.

``python -m fuzz`` runs it (``make fuzz``); tests/hostile/README.md says how. An input is bytes, so that it can be kept
in a file; a boundary makes inputs and runs them. What ends a run otherwise than in an error of ours is a find.
"""
