//! How fast reading is: `cargo run --release -p keepalived-config --example parse -- [INSTANCES]`, or with a file's
//! path in place of the number, to see what is wrong with it on a machine that has `eth0` and `eth1`.

use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, Loaded, load};
use keepalived_config::{render, status};
use std::fmt::Write;
use std::time::Instant;

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "10000".to_owned());
    match argument.parse::<u32>() {
        Ok(instances) => measure(instances),
        Err(_) => show(&argument),
    }
}

/// Instances on one interface each, since a VRID may be used once per interface only.
fn measure(instances: u32) {
    let mut text = String::from("global_defs {\n    router_id bench\n}\n");
    let mut host = FakeHost::new();
    for interface in 0..=instances / 250 {
        host = host.with_ethernet(&format!("v{interface}"), &[]);
    }
    for number in 0..instances {
        let (interface, vrid) = (number / 250, number % 250 + 1);
        let (high, low) = (number / 250, number % 250 + 1);
        writeln!(
            text,
            "vrrp_instance VI_{number} {{\n    state BACKUP\n    interface v{interface}\n    virtual_router_id {vrid}\n    \
             priority 100\n    advert_int 1\n    authentication {{\n        auth_type PASS\n        auth_pass secret\n    }}\n    \
             virtual_ipaddress {{\n        10.{}.{}.{low}/32 dev v{interface}\n    }}\n}}",
            high / 250,
            high % 250,
        )
        .expect("a String takes everything");
    }
    let bytes = text.len();
    let host = host.with_file("/etc/keepalived/keepalived.conf", text);
    for _ in 0..5 {
        let start = Instant::now();
        let loaded = load_from(&host);
        let took = start.elapsed();
        let found = loaded.config.map_or(0, |config| config.vrrp.instances.len());
        println!(
            "{found} instances, {bytes} bytes: {took:?}, {} problems",
            loaded.report.diagnostics().len()
        );
    }
}

fn show(path: &str) {
    let bytes = std::fs::read(path).expect("the file named on the command line can be read");
    let loaded = load_from(&FakeHost::new().with_file("/etc/keepalived/keepalived.conf", bytes));
    println!("{}", render::rich(&loaded.report, &loaded.sources, true));
    println!("status {}", status::of_test(&loaded.report));
}

fn load_from(host: &FakeHost) -> Loaded {
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    load("/etc/keepalived/keepalived.conf", &options, host)
}
