"""The platform's own code on stores in memory, through thousands of histories of faults."""
