//! The Debian package, and everything in it that is not a program: built once from the programs that the other tests use,
//! unpacked, looked at, installed, run.

mod completions;
mod contents;
mod debian;
mod guide;
mod install;
mod pair;
mod support;
