"""What came of scenarios, told to people and to programs: a module each way."""
