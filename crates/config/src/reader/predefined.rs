//! Names that are always defined: `_PWD`, `_INSTANCE`, `_RANDOM`, `_ENV`, `_HASH`, `_BANG` (config-language reference
//! 4.3).

use crate::encoding;
use crate::host::Host;
use std::path::Path;

/// What a predefined name gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Predefined {
    /// Its value.
    Value(Vec<u8>),
    /// Something to report; the text stays as it is.
    Refused(String),
    /// Something to report, and a value all the same.
    Doubtful(String, Vec<u8>),
    /// No such name.
    Unknown,
}

/// What predefined names depend on.
pub(super) struct Surroundings<'a> {
    pub(super) host: &'a dyn Host,
    pub(super) config_id: &'a str,
    /// Directory of the file that is being read.
    pub(super) directory: &'a Path,
}

/// Is it one of them? Cheap, for looking ahead.
pub(super) fn is_predefined(name: &[u8]) -> bool {
    matches!(name, b"_PWD" | b"_INSTANCE" | b"_RANDOM" | b"_ENV" | b"_HASH" | b"_BANG")
}

/// The value of `${NAME PARAMETERS}`. Without braces there are no parameters.
pub(super) fn value(name: &[u8], parameters: &[u8], braced: bool, around: &Surroundings<'_>) -> Predefined {
    let simple = |value: &[u8]| {
        if parameters.is_empty() {
            Predefined::Value(value.to_vec())
        } else {
            let name = encoding::decode(name);
            Predefined::Refused(format!("{name} takes no parameters"))
        }
    };
    match name {
        b"_HASH" => simple(b"#"),
        b"_BANG" => simple(b"!"),
        b"_PWD" => simple(around.directory.as_os_str().as_encoded_bytes()),
        b"_INSTANCE" => simple(&encoding::encode(around.config_id)),
        b"_RANDOM" => random(parameters, around.host),
        b"_ENV" if !braced => Predefined::Refused("write ${_ENV NAME} with braces".to_owned()),
        b"_ENV" => environment(parameters, around.host),
        _ => Predefined::Unknown,
    }
}

fn environment(parameters: &[u8], host: &dyn Host) -> Predefined {
    let name = encoding::decode(parameters);
    if name.is_empty() || name.contains([' ', '\t']) {
        return Predefined::Refused("${_ENV NAME} needs exactly one name".to_owned());
    }
    let value = host.environment(&name).unwrap_or_default();
    if value.contains(['\n', '\0']) {
        return Predefined::Refused(format!("environment variable {name} has more than one line"));
    }
    Predefined::Value(value.into_bytes())
}

/// `[min [max]]`, by default 0 and 32767.
fn random(parameters: &[u8], host: &dyn Host) -> Predefined {
    let text = encoding::decode(parameters);
    let refused = || Predefined::Refused(format!("invalid _RANDOM parameters '{text}'"));
    let mut limits = Vec::new();
    for word in text.split_ascii_whitespace() {
        if !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return refused();
        }
        let Ok(limit) = word.parse::<u32>() else { return refused() };
        limits.push(u64::from(limit));
    }
    let (low, high) = match limits[..] {
        [] => (0, 32_767),
        [low] => (low, 32_767),
        [low, high] => (low, high),
        _ => return refused(),
    };
    if low > high {
        let message = format!("_RANDOM minimum {low} is above maximum {high}");
        return Predefined::Doubtful(message, low.to_string().into_bytes());
    }
    let number = low + u64::from(host.random()) % (high - low + 1);
    Predefined::Value(number.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FakeHost;

    fn value_of(name: &str, parameters: &str) -> Predefined {
        let host = FakeHost::new().with_environment("HOME", "/root");
        let around = Surroundings { host: &host, config_id: "main", directory: Path::new("/etc/keepalived") };
        value(name.as_bytes(), parameters.as_bytes(), true, &around)
    }

    fn text(value: &str) -> Predefined {
        Predefined::Value(value.as_bytes().to_vec())
    }

    #[test]
    fn each_has_its_value() {
        assert_eq!(value_of("_PWD", ""), text("/etc/keepalived"));
        assert_eq!(value_of("_INSTANCE", ""), text("main"));
        assert_eq!(value_of("_HASH", ""), text("#"));
        assert_eq!(value_of("_BANG", ""), text("!"));
        assert_eq!(value_of("_ENV", "HOME"), text("/root"));
        assert_eq!(value_of("_ENV", "NOSUCH"), text(""));
        assert_eq!(value_of("_OTHER", ""), Predefined::Unknown);
        assert!(matches!(value_of("_PWD", "x"), Predefined::Refused(_)));
    }

    #[test]
    fn random_numbers_stay_in_their_range() {
        for _ in 0..50 {
            let Predefined::Value(bytes) = value_of("_RANDOM", "3 5") else { panic!("a number is expected") };
            assert!([b"3".to_vec(), b"4".to_vec(), b"5".to_vec()].contains(&bytes));
        }
        assert_eq!(value_of("_RANDOM", "7 7"), text("7"));
        assert!(matches!(value_of("_RANDOM", "9 7"), Predefined::Doubtful(_, value) if value == b"9"));
        assert!(matches!(value_of("_RANDOM", "a"), Predefined::Refused(_)));
        assert!(matches!(value_of("_RANDOM", "1 2 3"), Predefined::Refused(_)));
        assert!(matches!(value_of("_RANDOM", "0 4294967295"), Predefined::Value(_)));
    }
}
