"""Logs: facts with static English messages, and a mask as a second net under personal data."""
