"""Files that come and go: transfers, archives, firmware images."""
