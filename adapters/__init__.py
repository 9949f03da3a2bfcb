"""One folder a platform; each translates between it and the seam."""
