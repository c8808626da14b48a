"""The parts of the page of condition keys: components, linked views, numbers, replay."""
