"""The promotion engine: frozen data in, decisions out. Its law is in README.md beside this file."""
