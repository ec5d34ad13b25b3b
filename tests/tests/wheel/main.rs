//! The wheel: what is in it, what pip makes of it, and how the command that it installs finds what was installed with it.

#![allow(clippy::unwrap_used)] // all of it is a test, and a panic its verdict

mod archive;
mod dist;
mod environment;
mod installed;
