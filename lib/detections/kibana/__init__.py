"""The client of Kibana's REST API: requests, retries, typed answers."""
