"""Kibana: client, plan, apply, pull."""
