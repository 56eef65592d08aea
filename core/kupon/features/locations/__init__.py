"""Locations: circles and polygons on the map, for geofencing by segments and collections.

Reference: locations.json (2 operations); creation, change and deletion are Kupon's own
Tables:    locations
Engine:    locations
"""
