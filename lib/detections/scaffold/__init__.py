"""A beginning: a repository, a rule, and cases made from a rule's query.

The query's conditions are solved over the types of their fields, which says what an event must hold and what verdict it
gets; then the engine is asked. Where the two disagree the case is left out. What is made is a beginning that a person
has to look at.
"""

from detections.scaffold.cases import Scaffold, scaffold
from detections.scaffold.repository import Written, init
from detections.scaffold.rule import TYPES, Wanted, made
from detections.scaffold.sources import SOURCES, Source

__all__ = ["SOURCES", "TYPES", "Scaffold", "Source", "Wanted", "Written", "init", "made", "scaffold"]
