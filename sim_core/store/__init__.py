"""What must survive: one promise (`sqlite.Store`), kept in a file or in memory."""
