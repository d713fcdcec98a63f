"""``/emulator/…``: what no Graph has. Time, faults, behaviours, applications, and a look at everything."""
