"""One file per revision of the store's shape. A published one is never changed."""
