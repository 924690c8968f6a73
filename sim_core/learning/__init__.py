"""What logs of a charger tell of its make, as a model file that says where it knows it from."""
