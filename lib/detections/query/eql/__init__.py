"""EQL: text to syntax tree and back."""
