"""What single commands do that is a module of its own, mostly loaded only where it is asked for: fixes, hooks, the other side of a comparison."""
