"""`python -m probes`."""

import sys

if __name__ == "__main__":
    try:
        from probes.cli import main
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(main())
