"""What the code may import, beside the contracts of import-linter."""
