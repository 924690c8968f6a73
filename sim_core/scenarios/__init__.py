"""What happens to a charge point on purpose: rules by which its CSMS is answered otherwise."""
