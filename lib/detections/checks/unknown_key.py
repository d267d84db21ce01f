"""An unknown key.

It is like no key of its table, so it is not a slip: perhaps a field of a newer Kibana, or a note of your own. It is
carried through untouched, to the export as well, and Kibana may refuse it there.

Bad: `[rule]` with `ticket = "SEC-123"`

Good: `ticket` in `[metadata.extended]`, which never leaves the file, or a silence that says what reads the key.
"""

CODE = "unknown-key"
