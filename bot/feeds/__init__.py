"""Feeds: fetching them from a hostile world, and polling them when they are due."""
