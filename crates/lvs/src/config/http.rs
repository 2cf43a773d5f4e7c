//! `HTTP_GET` and `SSL_GET`.

use super::Connection;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A check that asks for pages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HttpCheck {
    /// Where to.
    pub connection: Connection,
    /// The `url` blocks in the order of the file; at least one.
    pub urls: Vec<Url>,
    /// `http_protocol`.
    pub version: HttpVersion,
    /// `virtualhost` of the checker, else of the real server, else of the virtual server.
    pub virtualhost: Option<String>,
    /// `enable_sni`, `sni_name`.
    pub sni: Sni,
    /// `fast_recovery`: no pause between urls while recovering.
    pub fast_recovery: bool,
    /// `tls_compliant`: end with a close alert.
    pub tls_compliant: bool,
    /// `tls_verify`, `tls_ca_file`.
    pub verification: Verification,
}

/// Whether the certificate of an `SSL_GET` server has to be good. Ours; the original takes any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verification {
    /// Any certificate will do: self-signed, expired, for another name.
    #[default]
    Off,
    /// `tls_verify`: valid now, for the name or address asked for, and signed by an authority that this machine trusts.
    System,
    /// `tls_ca_file`: the same, with the authorities of this PEM file and no others.
    CaFile(PathBuf),
}

/// `http_protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HttpVersion {
    /// `1.0`.
    #[default]
    Http10,
    /// `1.0C`: 1.0 with `Connection: close`.
    Http10Close,
    /// `1.1`, with `Connection: close`.
    Http11,
}

/// Server Name Indication (RFC 6066 §3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sni {
    /// None is sent.
    #[default]
    Off,
    /// `enable_sni`: the virtualhost of the url, the checker or the virtual server.
    VirtualHost,
    /// `sni_name`.
    Name(String),
}

/// `url { ... }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Url {
    /// `path`, sent as it is.
    pub path: String,
    /// `digest`: the MD5 of the body.
    pub digest: Option<[u8; 16]>,
    /// `status_code`.
    pub status_codes: StatusCodes,
    /// `virtualhost` of this url alone.
    pub virtualhost: Option<String>,
    /// `regex`.
    pub regex: Option<Regex>,
    /// `tls_compliant`, the checker's included.
    pub tls_compliant: bool,
}

/// Which status codes pass, 100 to 599.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatusCodes {
    ranges: Vec<(u16, u16)>,
}

impl StatusCodes {
    /// These ranges, both ends included; none at all means the default of 200 to 299.
    #[must_use]
    pub fn new(ranges: Vec<(u16, u16)>) -> Self {
        if ranges.is_empty() { Self::default() } else { Self { ranges } }
    }

    /// Does this code pass?
    #[must_use]
    pub fn contain(&self, code: u16) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
    }

    /// The ranges in the order of the file.
    #[must_use]
    pub fn ranges(&self) -> &[(u16, u16)] {
        &self.ranges
    }
}

impl Default for StatusCodes {
    fn default() -> Self {
        Self { ranges: vec![(200, 299)] }
    }
}

/// `regex` and what goes with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Regex {
    /// The pattern, in the syntax of PCRE2.
    pub pattern: String,
    /// `regex_no_match`: pass when it does not match.
    pub inverted: bool,
    /// `regex_options`.
    pub options: Vec<RegexOption>,
    /// `regex_min_offset`: the search starts here.
    pub min_offset: u64,
    /// `regex_max_offset`: a match must start at or before this.
    pub max_offset: Option<u64>,
    /// `regex_stack`: bytes of the matcher's stack at first and at most.
    pub stack: Option<(u64, u64)>,
}

/// An option of PCRE2's compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegexOption(u8);

impl RegexOption {
    /// The names of `regex_options`, which are those of PCRE2 in lower case.
    pub const NAMES: [&'static str; 24] = [
        "allow_empty_class",
        "alt_bsux",
        "auto_callout",
        "caseless",
        "dollar_endonly",
        "dotall",
        "dupnames",
        "extended",
        "firstline",
        "match_unset_backref",
        "multiline",
        "never_ucp",
        "never_utf",
        "no_auto_capture",
        "no_auto_possess",
        "no_dotstar_anchor",
        "no_start_optimize",
        "ucp",
        "ungreedy",
        "utf",
        "never_backslash_c",
        "alt_circumflex",
        "alt_verbnames",
        "use_offset_limit",
    ];

    /// The option of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let index = Self::NAMES.iter().position(|known| *known == name)?;
        u8::try_from(index).ok().map(Self)
    }

    /// Whether it does here what it does in the original. The others have no spelling inside a pattern, and the safe
    /// interface of the library does not offer them (`docs/decisions/0008-regular-expressions.md`).
    #[must_use]
    pub fn is_honoured(self) -> bool {
        const NOT: [&str; 5] =
            ["allow_empty_class", "alt_bsux", "alt_circumflex", "dollar_endonly", "match_unset_backref"];
        !NOT.contains(&self.name())
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// The `SSL` block: what clients of `SSL_GET` show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TlsMaterial {
    /// `password` of the key file.
    pub password: Option<String>,
    /// `ca`: trusted authorities, PEM.
    pub ca: Option<PathBuf>,
    /// `certificate`: our chain, PEM.
    pub certificate: Option<PathBuf>,
    /// `key`: our private key, PEM.
    pub key: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_ranges_any_success_passes() {
        let codes = StatusCodes::new(Vec::new());
        assert!(codes.contain(200) && codes.contain(299));
        assert!(!codes.contain(199) && !codes.contain(300));
    }

    #[test]
    fn options_are_known_by_the_names_of_the_library() {
        for name in RegexOption::NAMES {
            assert_eq!(RegexOption::by_name(name).map(RegexOption::name), Some(name));
        }
        assert_eq!(RegexOption::by_name("CASELESS"), None);
    }
}
