"""Storage: tables, queries by capability, encryption, migrations. Knows nothing of conversations or platforms."""
