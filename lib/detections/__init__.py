"""Detection rules for Elastic Security, proved before they are deployed."""
