"""A real Elasticsearch: an ephemeral node, or any server, running the same plans."""
