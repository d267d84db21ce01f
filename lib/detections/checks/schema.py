"""A key of the file is missing, misspelt, or has a value that Kibana would not take.

The required and optional keys of each rule type, their kinds of value, their ranges and words are those of Kibana's
create API and of the file layout of elastic/detection-rules; `etc/rule.schema.json` says the same to editors. A
misspelt key is an error, with the key that was probably meant: Kibana would ignore it, and the rule would do something
else than it says.

Bad:

```toml
severty = "medium"
risk_score = "47"
```

Good:

```toml
severity = "medium"
risk_score = 47
```

A file with a wrong or missing value gives no rule, and then its error cannot be silenced.
"""

CODE = "schema"
