"""The store: everything Rollcall keeps, on SQLite or PostgreSQL. The only package that knows the database.

:func:`bot.store.engine.open_store` opens it; the other modules hold functions that take an open connection, so that
several of them can share one transaction.
"""
