//! Prints `docs/keywords.md` from the keyword tables.

mod render;

fn main() {
    print!("{}", render::document(&keepalived_config::tables::ROOT));
}
