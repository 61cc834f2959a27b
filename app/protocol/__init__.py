"""What crosses a process boundary, declared once: frames, records, resources, topics, problems."""
