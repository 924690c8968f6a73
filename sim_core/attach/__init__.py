"""A dashboard over a charge point that runs elsewhere: the other end of the sidecar."""
