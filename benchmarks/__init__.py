"""What is fast, as ratios to the floor of the same run; a benchmark prints, it never fails a build."""
