//! `BFD_CHECK` while there is no BFD process: nobody says how a session is, so that a server stays as it starts.

use keepalived_lvs::config::{Checker, Config};

/// A line for the log for each server that would follow a BFD session.
pub(super) fn complaints(config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    for server in &config.virtual_servers {
        for real in &server.real_servers {
            for checker in &real.checkers {
                let Checker::Bfd(check) = checker else { continue };
                let counts = if check.alpha { "down" } else { "up" };
                lines.push(format!(
                    "BFD_CHECK of [{}] for service {} of VS {}: there is no BFD process yet, it counts as {counts}",
                    check.session,
                    real.name(server.protocol),
                    server.name()
                ));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_config::host::FakeHost;
    use keepalived_config::load::{LoadOptions, load};

    #[test]
    fn a_server_is_named_with_what_its_check_counts_as() {
        let session = "bfd_instance b {\n neighbor_ip 10.0.0.2\n}\n";
        let real = |last: u8, line: &str| {
            format!("real_server 10.0.0.{last} 80 {{\n BFD_CHECK {{\n name b\n {line}\n }}\n}}\n")
        };
        let reals =
            [real(2, ""), real(3, "alpha"), "real_server 10.0.0.4 80 {\n TCP_CHECK {\n }\n}\n".into()];
        let text = format!("{session}virtual_server 10.0.0.1 80 {{\n protocol TCP\n{}}}\n", reals.concat());
        let path = "/etc/keepalived/keepalived.conf";
        let options =
            LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
        let config =
            load(path, &options, &FakeHost::new().with_file(path, text.as_str())).config.expect("a file");
        assert_eq!(
            complaints(&config.lvs),
            [
                "BFD_CHECK of [b] for service [10.0.0.2]:tcp:80 of VS [10.0.0.1]:tcp:80: there is no BFD process yet, it counts as up",
                "BFD_CHECK of [b] for service [10.0.0.3]:tcp:80 of VS [10.0.0.1]:tcp:80: there is no BFD process yet, it counts as down",
            ]
        );
    }
}
