"""A twin beside a charger that is one as well."""
