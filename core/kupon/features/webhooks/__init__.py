"""Receivers of events: where a project wants to be told what happened, and what was sent there.

Reference: management.json (5 operations, whose routes the feature `management` has)
Vendor routes: /management/v1/projects/{id}/event-sinks and /signing-key;
           /v1/webhooks/{id}/deliveries and /test
Tables:    event_endpoints, send_outs, projects (the signing key)
Hears:     whatever is described
"""
