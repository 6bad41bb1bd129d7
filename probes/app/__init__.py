"""What the probe Function app does behind its triggers, which are in `function_app.py`."""
