"""A static site of rules: a catalogue with search, a page a rule, ATT&CK's matrix, the last plan and the last backtest.

It needs no server: pages work when they are opened from a folder, and ask nothing of anybody. What rules, events and
Kibana say is text on every page, whatever it is.
"""

from detections.site.build import backtest_page, pages
from detections.site.folder import write
from detections.site.history import read_history
from detections.site.kibana import read_plan, read_status
from detections.site.project import Project, gather

__all__ = ["Project", "backtest_page", "gather", "pages", "read_history", "read_plan", "read_status", "write"]
