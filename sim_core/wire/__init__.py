"""OCPP-J: frames on a socket. Knows no hardware and no screen."""
