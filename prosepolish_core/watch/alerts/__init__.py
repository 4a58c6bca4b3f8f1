"""Alerts: the rules as one table, their evaluation over memory or the store, and what is kept of what fired."""
