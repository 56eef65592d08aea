"""The tests' fixtures are the ones that third parties get."""

pytest_plugins = ["kupon.testing.plugin"]
