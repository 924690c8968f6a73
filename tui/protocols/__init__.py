"""How the screens read an OCPP: one module a version, and who asks the right one."""
