"""What people do with alerts: by a form, or elsewhere, as a webhook says."""
