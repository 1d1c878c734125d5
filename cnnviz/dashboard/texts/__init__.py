"""Every text that the interface shows: one module a page, and `shared` for what several pages say."""
