"""Query languages: text to syntax tree and back, one package a language."""

from detections.query.query import EqlQuery, EsqlQuery, KqlQuery, Language, LuceneQuery, Query, parse
from detections.query.span import NOWHERE, Span

__all__ = ["NOWHERE", "EqlQuery", "EsqlQuery", "KqlQuery", "Language", "LuceneQuery", "Query", "Span", "parse"]
