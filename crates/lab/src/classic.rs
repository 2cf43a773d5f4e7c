//! The two-node configuration that every tutorial shows: MASTER and BACKUP, VRID 51, a password, one virtual address.

use std::fmt::Write as _;

/// One node's part of the classic pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classic {
    /// `MASTER` or `BACKUP`.
    pub state: &'static str,
    /// 1..=254.
    pub priority: u8,
    /// `auth_pass`; the protocol carries 8 bytes.
    pub password: String,
    /// The virtual address.
    pub virtual_address: String,
    /// Further lines of the instance.
    pub extra: String,
}

impl Classic {
    /// The preferred node: MASTER, priority 150.
    #[must_use]
    pub fn master() -> Self {
        Self {
            state: "MASTER",
            priority: 150,
            password: "1111".into(),
            virtual_address: "10.77.0.100".into(),
            extra: String::new(),
        }
    }

    /// The other node: BACKUP, priority 100.
    #[must_use]
    pub fn backup() -> Self {
        Self { state: "BACKUP", priority: 100, ..Self::master() }
    }

    /// With another password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }

    /// With a further line in the instance.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        // Writing to a String cannot fail.
        let _ok = writeln!(self.extra, "    {line}");
        self
    }

    /// The configuration file.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { state, priority, password, virtual_address, extra } = self;
        format!(
            "\
vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass {password}
    }}
    virtual_ipaddress {{
        {virtual_address}
    }}
{extra}}}
"
        )
    }
}
