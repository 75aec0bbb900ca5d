"""What keeps alerts quiet for a while."""
