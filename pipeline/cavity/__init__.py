"""cavity: fit many datasets with one graphical or hierarchical model."""
