"""How does a convolution compute: its arithmetic, one output at a time, for kernels of one's own and for real units?"""
