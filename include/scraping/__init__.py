"""Pages of numbers that targets give over HTTP, whatever they try."""
