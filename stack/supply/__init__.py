"""What the house is made of that others wrote: pinned by hashes, and under which licences."""
