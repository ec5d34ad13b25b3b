//! The `lcmap-spark` command.

fn main() {}
