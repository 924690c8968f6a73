"""What a key does where it is more than a command or a move on the screen: a module a subject."""
