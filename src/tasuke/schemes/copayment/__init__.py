"""What the patient keeps to pay (一部負担金) and what the municipality pays (助成額), by service day. Pure."""
