"""What must survive: one promise (`interface`), kept in a file or in memory."""
