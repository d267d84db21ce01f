"""Queries and rules, made into what an engine runs: predicates, pipelines, plans; and Kibana's Query DSL."""
