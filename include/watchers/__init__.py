"""What watches without a pause: targets, and the outbox."""
