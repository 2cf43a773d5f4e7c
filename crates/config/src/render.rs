//! Problems as text: one line each for logs and tools, or with the place they are at for people.

mod plain;
mod rich;

pub use plain::{line, plain};
pub use rich::rich;
