"""Parts of `make stress` that break things on purpose: each yields what was tried, and which promises were broken."""
