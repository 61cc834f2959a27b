"""`make drill`: a house loses its PostgreSQL, is restored to a point in time, and opens again."""
