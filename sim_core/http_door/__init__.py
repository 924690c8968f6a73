"""The door of every HTTP port of the program: who may ask, how much, and how slowly.

A port that is safe in one command and not in the other would be no door at all, so the charge
point's sidecar, the fleet and the CSMS all stand behind this one. It knows none of them: it speaks
HTTP and nothing else, so that the CSMS stays an honest peer, which shares no word of OCPP with the
charge point.
"""
