"""What can be asked over a network: echoes, and name servers."""
