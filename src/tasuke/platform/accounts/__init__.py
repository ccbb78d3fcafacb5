"""Who works here: personal ids, PINs, one-time codes, sessions and registered terminals."""
