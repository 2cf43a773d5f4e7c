//! The command line of `genhash`.

use crate::http::Layer;
use keepalived_lvs::config::{Connection, HttpCheck, HttpVersion, Sni, Url, Verification};
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What the arguments ask for.
#[derive(Debug)]
pub(super) enum Asked {
    /// A digest.
    Page(Box<Request>),
    /// The usage, with what is wrong, if that can be said.
    Usage(Option<String>),
}

/// A page.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) check: HttpCheck,
    pub(super) layer: Layer,
    pub(super) verbose: bool,
}

impl Request {
    /// The path as typed.
    pub(super) fn path(&self) -> &str {
        self.check.urls.first().map_or("", |url| &url.path)
    }
}

/// Options as typed.
#[derive(Default)]
struct Typed {
    server: Option<IpAddr>,
    port: Option<u16>,
    url: Option<String>,
    tls: bool,
    sni: bool,
    verbose: bool,
    virtualhost: Option<String>,
    mark: u32,
    version: HttpVersion,
    timeout: Option<u32>,
}

/// Long names, and the letters that mean the same.
const NAMES: [(&str, char); 11] = [
    ("use-ssl", 'S'),
    ("use-sni", 'I'),
    ("server", 's'),
    ("port", 'p'),
    ("url", 'u'),
    ("use-virtualhost", 'V'),
    ("verbose", 'v'),
    ("help", 'h'),
    ("fwmark", 'm'),
    ("protocol", 'P'),
    ("timeout", 't'),
];

/// The original's time-out.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Fewer arguments cannot ask for anything.
const FEWEST: usize = 2;

/// Arguments without the program's name.
pub(super) fn parse(arguments: &[OsString]) -> Asked {
    if arguments.len() < FEWEST {
        return Asked::Usage(None);
    }
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut typed = Typed::default();
    let mut operands = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let taken = match word.strip_prefix("--") {
            Some("") => {
                operands.extend(words.by_ref());
                Ok(())
            }
            Some(long) => typed.long(long, &mut words),
            None => match word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                Some(letters) => typed.bundle(letters, &mut words),
                None => {
                    operands.push(word);
                    Ok(())
                }
            },
        };
        if let Err(complaint) = taken {
            return Asked::Usage(complaint);
        }
    }
    if !operands.is_empty() {
        return Asked::Usage(Some(format!("Unexpected argument(s): {}", operands.join(" "))));
    }
    typed.complete().map_or(Asked::Usage(None), |request| Asked::Page(Box::new(request)))
}

/// The letter of a name, or of a beginning that only one name has.
fn letter_of(typed: &str) -> Option<char> {
    if let Some((_, letter)) = NAMES.iter().find(|(name, _)| *name == typed) {
        return Some(*letter);
    }
    let mut candidates = NAMES.iter().filter(|(name, _)| name.starts_with(typed));
    let (_, letter) = candidates.next()?;
    candidates.next().is_none().then_some(*letter)
}

impl Typed {
    /// `--name`, `--name=value`, `--name value`.
    fn long(&mut self, text: &str, words: &mut impl Iterator<Item = String>) -> Result<(), Option<String>> {
        let (name, glued) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let unknown = || Some(format!("Unknown option --{text}"));
        let letter = letter_of(name).ok_or_else(unknown)?;
        if letter == 'h' || self.switch(letter) {
            return if glued.is_some() {
                Err(unknown())
            } else if letter == 'h' {
                Err(None)
            } else {
                Ok(())
            };
        }
        let missing = || Some(format!("Missing parameter for option --{text}"));
        self.set(letter, &glued.or_else(|| words.next()).ok_or_else(missing)?)
    }

    /// `-vS`, `-p80`, `-p 80`.
    fn bundle(
        &mut self,
        letters: &str,
        words: &mut impl Iterator<Item = String>,
    ) -> Result<(), Option<String>> {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            if self.switch(letter) {
                continue;
            }
            if letter == 'h' {
                return Err(None);
            }
            if !NAMES.iter().any(|(_, known)| *known == letter) {
                return Err(Some(format!("Unknown option -{letter}")));
            }
            let glued = rest.as_str();
            let missing = || Some(format!("Missing parameter for option -{letter}"));
            let value = if glued.is_empty() { words.next().ok_or_else(missing)? } else { glued.to_owned() };
            return self.set(letter, &value);
        }
        Ok(())
    }

    /// Is it an option without a value? Then it is taken.
    fn switch(&mut self, letter: char) -> bool {
        match letter {
            'S' => self.tls = true,
            'I' => self.sni = true,
            'v' => self.verbose = true,
            _ => return false,
        }
        true
    }

    fn set(&mut self, letter: char, text: &str) -> Result<(), Option<String>> {
        let invalid = |what: &str| Some(format!("invalid {what} '{text}'"));
        match letter {
            's' => {
                let complaint = || Some(format!("server should be an IP, not {text}"));
                self.server = Some(text.parse().map_err(|_| complaint())?);
            }
            'p' => {
                let port = text.parse().ok().filter(|port| *port != 0);
                self.port = Some(port.ok_or_else(|| invalid("port number"))?);
            }
            'u' => self.url = Some(text.to_owned()),
            'V' => self.virtualhost = Some(text.to_owned()),
            'm' => self.mark = text.parse().map_err(|_| invalid("fwmark"))?,
            't' => self.timeout = Some(text.parse().map_err(|_| invalid("timeout"))?),
            'P' => {
                self.version = match text {
                    "1.0" => HttpVersion::Http10,
                    "1.0c" | "1.0C" => HttpVersion::Http10Close,
                    "1.1" => HttpVersion::Http11,
                    _ => return Err(invalid("HTTP protocol version")),
                };
            }
            _ => return Err(None),
        }
        Ok(())
    }

    fn complete(self) -> Option<Request> {
        let (server, port, path) = (self.server?, self.port?, self.url?);
        let timeout = self.timeout.map_or(DEFAULT_TIMEOUT, |seconds| Duration::from_secs(seconds.into()));
        let connection = Connection {
            destination: SocketAddr::new(server, port),
            source: None,
            interface: None,
            timeout,
            mark: self.mark,
        };
        let check = HttpCheck {
            connection,
            urls: vec![Url { path, ..Url::default() }],
            version: self.version,
            virtualhost: self.virtualhost,
            sni: if self.sni { Sni::VirtualHost } else { Sni::Off },
            fast_recovery: false,
            tls_compliant: false,
            verification: Verification::Off,
        };
        let layer = if self.tls { Layer::Tls } else { Layer::Tcp };
        Some(Request { check, layer, verbose: self.verbose })
    }
}

/// The original's usage.
pub(super) fn usage(name: &str) -> String {
    format!(
        "Usage: {name} COMMAND [OPTIONS]
Commands:
   -s server-address -p port -u url
   -S -s server-address -p port -u url
   -h

Options:
Either long or short options are allowed.
   --use-ssl         -S       Use SSL connection to remote server.
   --use-sni         -I       Use SNI during SSL handshake (uses virtualhost setting; see -V).
   --server          -s       Use the specified remote server address.
   --port            -p       Use the specified remote server port.
   --url             -u       Use the specified remote server url.
   --use-virtualhost -V       Use the specified virtualhost in GET query.
   --verbose         -v       Use verbose mode output.
   --help            -h       Display this short inlined help screen.
   --fwmark          -m       Use the specified FW mark.
   --protocol        -P       Use the specified HTTP protocol - '1.0', 1.0c', '1.1'.
                                1.0c means 1.0 with 'Connection: close'
   --timeout         -t       Timeout in seconds
"
    )
}
