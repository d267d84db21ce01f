"""The node as README shows it: with the official client."""

from elasticsearch import Elasticsearch

from detections.elastic.node import Node


def test_the_official_client_works_with_the_node(elasticsearch_node: Node) -> None:
    with Elasticsearch(elasticsearch_node.url) as client:
        assert client.cluster.health()["status"] in ("green", "yellow")
        client.index(index="official-client", id="1", document={"event": {"action": "CreateRoute"}}, refresh=True)
        try:
            found = client.search(index="official-client", query={"match": {"event.action": "CreateRoute"}})
            assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1"]
        finally:
            client.indices.delete(index="official-client")
