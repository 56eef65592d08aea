"""Plugins: which are active for a project, their routes, and what they hear of.

Vendor routes: /management/v1/projects/{id}/plugins, and what plugins add under /plugins/{plugin}
Tables:        project_plugins
Reacts to:     publication.succeeded (channels); described events (`on_events`)
"""
