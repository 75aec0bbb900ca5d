"""What reports and mails are written with: templates and styles, words for times and numbers, CSV."""
