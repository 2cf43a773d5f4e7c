//! Each lint: where it speaks, and where it keeps silent.
