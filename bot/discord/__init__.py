"""Everything that knows Discord: the client, its doors, what carries messages there. Nobody else imports discord.py."""
