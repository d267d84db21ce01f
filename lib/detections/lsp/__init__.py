"""A language server for rule files (LSP 3.17): what ``check`` and ``test`` say, while one types."""
