//! Prints keepalived.conf(5) from the keyword tables. `cargo xtask deb` puts it into the package.

mod page;

fn main() {
    print!("{}", page::document(&keepalived_config::tables::ROOT));
}
