"""Reports: one output format a module, each with the same two functions.

``check(findings, files)`` tells what the checks found in these rule files, ``test(proofs, findings)`` what the cases
said. Both return the whole text; nothing before this room knows a format. ``FORMATS`` are the modules' names.
"""

FORMATS = ("text", "json", "junit", "sarif", "github")
