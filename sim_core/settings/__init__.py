"""Every option once; models, garages and the other files that people write."""
