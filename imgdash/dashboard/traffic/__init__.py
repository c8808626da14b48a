"""Parts of the pages Queues and Requests."""
