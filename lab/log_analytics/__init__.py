"""The stand-in for Log Analytics: the tables of a workspace, KQL over them, and the query API."""
