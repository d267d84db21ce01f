"""Deployment: plan, apply, pull, status, and the state and the environments that they work on."""
