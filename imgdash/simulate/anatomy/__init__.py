"""Bodies that can be radiographed, each from analytic outlines in mm."""
