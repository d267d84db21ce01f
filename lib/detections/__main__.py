"""``python -m detections``: the command line."""

from detections.cli import main

if __name__ == "__main__":
    main()
