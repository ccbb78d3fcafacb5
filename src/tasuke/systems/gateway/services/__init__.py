"""One operation per file: what businesses ask of the gateway, and what a person does about what stands still."""
