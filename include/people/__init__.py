"""Who is told: routes, roles, calendars and addresses."""
