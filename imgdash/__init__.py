"""imgdash: a radiography QC station."""
