"""The store's migrations, run by :mod:`bot.store.migrate`."""
