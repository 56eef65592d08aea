"""The front door for plugins and adapters: what they may import, and nothing else of Kupon.

A tenant is a distribution with an entry point in the group `kupon`; the module it names has
functions marked with `hookimpl`. All names here are stable: adding is compatible, taking away
needs a new name and one minor release in which both exist.
"""

from kupon.hooks.markers import hookimpl as hookimpl
