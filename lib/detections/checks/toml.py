r"""The file is not TOML.

It cannot be read, is empty, is not UTF-8, or breaks TOML's grammar; the message says what was expected at the caret.
The other files of the run are still done. What bites most: a backslash between double quotes, where it begins an
escape (use single ones for queries and patterns), and a table header that is repeated.

Bad:

```toml
query = "process.executable: C\:\\Windows\\*"
```

Good:

```toml
query = 'process.executable: C\:\\Windows\\*'
```

A file that cannot be read has no place for a silence, so this cannot be silenced.
"""

CODE = "toml"
