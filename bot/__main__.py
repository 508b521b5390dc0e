"""Where the program begins: ``rollcall`` and ``python -m bot``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded ends it as it does later."""
    try:
        from bot.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.stderr.write("Broken off.\n")
        # bot.progress has the name of this code; nothing more is loaded here.
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
