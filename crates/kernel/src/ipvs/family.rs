//! Finding IPVS in the kernel: the number of its netlink family, its module, its network namespace.

use super::attribute::FAMILY;
use super::decode;
use super::encode::{self, Request};
use super::{Information, attribute::command};
use crate::error::{Doing, Error, Result};
use crate::namespace;
use crate::netlink::ReceiveBuffer;
use crate::netlink::decode::{Attributes, Message};
use crate::netlink::encode::Encoder;
use crate::netlink::exchange::{Answers, Exchange};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// GENL_ID_CTRL: the family that knows the others (linux/genetlink.h).
const CONTROLLER: u16 = 0x10;
/// CTRL_CMD_NEWFAMILY: its answer.
const NEW_FAMILY: u8 = 1;
/// CTRL_CMD_GETFAMILY.
const GET_FAMILY: u8 = 3;
/// CTRL_ATTR_FAMILY_ID.
const FAMILY_ID: u16 = 1;
/// CTRL_ATTR_FAMILY_NAME.
const FAMILY_NAME: u16 = 2;

/// Attempts after the module was loaded: the first request afterwards may still fail.
const ATTEMPTS: usize = 2;

/// The network namespace whose table is meant (`net_namespace_ipvs`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// That of the calling thread.
    #[default]
    Here,
    /// The one that `ip netns` calls so.
    Named(String),
    /// The one behind a file, such as /proc/1/ns/net.
    File(PathBuf),
}

/// Opens a socket in `place`.
pub(super) fn open(place: &Place, room: ReceiveBuffer) -> Result<Exchange<Request>> {
    open_in(place, || Exchange::with_receive_buffer(libc::NETLINK_GENERIC, "change the IPVS table", room))
}

/// Opens something in `place`, which may be another namespace than the caller's: a netlink socket stays where it was made.
pub(crate) fn open_in<T: Send>(place: &Place, here: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if *place == Place::Here {
        return here();
    }
    let there = || {
        match place {
            Place::Here => {}
            Place::Named(name) => namespace::enter(name)?,
            Place::File(path) => namespace::enter_file(path)?,
        }
        here()
    };
    // A thread of its own, so that nothing else of this process moves.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("netns".into()).spawn_scoped(scope, there);
        let panicked = || Error::new("open a netlink socket", io::Error::other("the thread panicked"));
        thread.doing("start a thread")?.join().map_err(|_| panicked())?
    })
}

/// The family's number and what IPVS says about itself; the module is loaded when it is not there.
pub(super) fn find(exchange: &mut Exchange<Request>) -> Result<(u16, Information)> {
    let mut result = find_once(exchange);
    if result.is_ok() {
        return result.doing("initialize ipvs");
    }
    let complaint = load_module();
    for _ in 0..ATTEMPTS {
        result = find_once(exchange);
        if result.is_ok() {
            break;
        }
    }
    let explained = result.map_err(|error| match (error.raw_os_error(), complaint) {
        (Some(libc::ENOENT), Some(complaint)) => io::Error::new(
            io::ErrorKind::Unsupported,
            format!("this kernel has no IPVS, and its module ip_vs could not be loaded ({complaint})"),
        ),
        (Some(libc::ENOENT), None) => {
            io::Error::new(io::ErrorKind::Unsupported, "this kernel has no IPVS in this network namespace")
        }
        _ => error,
    });
    explained.doing("initialize ipvs")
}

fn find_once(exchange: &mut Exchange<Request>) -> io::Result<(u16, Information)> {
    let family = ask_for_family(exchange, FAMILY)?;
    let ask = |flags, sequence, to: &mut Encoder| {
        encode::begin(family, command::GET_INFO, flags, sequence, to);
    };
    let found = exchange.ask(Answers::One, ask, decode::information)?;
    let answer = found.into_iter().next().ok_or(io::ErrorKind::InvalidData)?;
    Ok((family, answer?))
}

/// Asks the controller for the number of a family.
fn ask_for_family(exchange: &mut Exchange<Request>, name: &str) -> io::Result<u16> {
    let ask = |flags, sequence, to: &mut Encoder| {
        encode::begin(CONTROLLER, GET_FAMILY, flags, sequence, to);
        encode::put_text(FAMILY_NAME, name, to);
    };
    let found = exchange.ask(Answers::One, ask, family_id)?;
    found.into_iter().next().ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))
}

/// The number in an answer of the controller.
pub(super) fn family_id(message: Message<'_>) -> Option<u16> {
    let (header, attributes) = message.payload.split_at_checked(4)?;
    let mut attributes = (header[0] == NEW_FAMILY).then_some(Attributes(attributes))?;
    attributes.find(|attribute| attribute.kind == FAMILY_ID)?.u16()
}

/// Runs the kernel's own program for loading modules. Returns why that failed.
fn load_module() -> Option<String> {
    let configured = fs::read_to_string("/proc/sys/kernel/modprobe").unwrap_or_default();
    let program = Some(configured.trim()).filter(|path| !path.is_empty()).unwrap_or("/sbin/modprobe");
    let mut command = Command::new(program);
    command.args(["--", "ip_vs"]).env_clear().stdin(Stdio::null()).current_dir("/");
    match command.output() {
        Err(error) => Some(format!("{program}: {error}")),
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or_default().trim();
            Some(if said.is_empty() { format!("{program}: {}", output.status) } else { said.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ipvs, TableReader};
    use super::*;
    use crate::testing::{in_network_namespace, run};

    /// Where the tests run there may be an IPVS or none; what it can do is tested in a kernel that surely has one
    /// (crates/lab/tests).
    #[test]
    fn a_kernel_without_ipvs_is_told_of_in_plain_words() {
        in_network_namespace(|| match Ipvs::open(&Place::Here) {
            Ok(ipvs) => assert_eq!(ipvs.information().version, (1, 2, 1)),
            Err(error) => {
                let text = error.to_string();
                assert!(text.starts_with("initialize ipvs: this kernel has no IPVS"), "{text}");
            }
        });
    }

    #[test]
    fn a_family_that_every_kernel_has_is_found_and_a_made_up_one_is_not() {
        let mut exchange = open(&Place::Here, ReceiveBuffer::Usual).expect("a socket");
        assert_eq!(ask_for_family(&mut exchange, "nlctrl").expect("the controller itself"), CONTROLLER);
        let error = ask_for_family(&mut exchange, "no-such-family").expect_err("nobody has it");
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    }

    #[test]
    fn a_socket_is_opened_in_another_namespace_and_the_thread_stays() {
        let name = format!("kernel-ipvs-{}", std::process::id());
        run("ip", &["netns", "add", &name]);
        let before = fs::read_link("/proc/thread-self/ns/net").expect("procfs");
        let opened = open(&Place::Named(name.clone()), ReceiveBuffer::Usual);
        let by_file = open(&Place::File(format!("/run/netns/{name}").into()), ReceiveBuffer::Usual);
        run("ip", &["netns", "delete", &name]);
        opened.expect("entered by name");
        by_file.expect("entered by file");
        assert_eq!(fs::read_link("/proc/thread-self/ns/net").expect("procfs"), before);
        let missing = TableReader::open(&Place::Named("no-such-namespace-here".into()));
        assert!(missing.expect_err("not there").to_string().contains("no-such-namespace-here"));
    }
}
