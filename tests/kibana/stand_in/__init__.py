"""A stateful Kibana in this process. It behaves as Kibana 8.19 and 9.x do, and refuses what breaks the contract."""

from kibana_stand_in.server import StandIn

__all__ = ["StandIn"]
