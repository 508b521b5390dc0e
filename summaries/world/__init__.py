"""The names of the world's parties as package data: ``world.json``, made by ``generate.py`` and ``extras.toml``."""
