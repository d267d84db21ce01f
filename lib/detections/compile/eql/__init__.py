"""EQL: syntax tree to program."""
