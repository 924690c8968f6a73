"""What a charger does, whatever it speaks: no protocol has a word in here."""
