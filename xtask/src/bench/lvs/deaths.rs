//! Servers that die: one at a time (on the host, with the stand-in for IPVS), and half of them together (in the second
//! kernel, whose requests can be counted).

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, SystemTime};

use keepalived_kernel::ipvs::Ipvs;
use keepalived_lab::{IpvsRequest, IpvsRequests, Program, refusing_together, sends};

use super::figures::{median, ms, percentile};
use super::rig::{self, PATIENCE, PROGRAMS, Rig};
use super::setting::{Kind, Setting, address};
use super::sheet::{Aim, Row, Sheet};
use super::{Length, service};
use crate::{Error, Result};

/// Others that are checked meanwhile.
const OTHERS: usize = 1_000;
/// Where the one that dies listens.
const VICTIM: u16 = 82;
/// Between the checks of one of many: what the second kernel can do.
const MASS_SECONDS: u64 = 20;
const INTERVAL: Duration = Duration::from_secs(2);

/// How much later than its next check was due a dead server leaves the table, by the log, which says so beside the request.
pub(super) fn one_by_one(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let late = PROGRAMS.map(|program| deaths_of_one(rig, program, length));
    let [ours, original] = late;
    let late = [ours?, original?];
    sheet.section(&format!("a server of {OTHERS} dies, checked every {} s", INTERVAL.as_secs()));
    sheet.put(Row::new("leaves after it was due, ms, median", late.clone().map(median)));
    let most = late.map(|late| percentile(late, 100));
    sheet.put(Row::new("leaves after it was due, ms, most", most).aim(Aim::AtMost(5.0)));
    Ok(())
}

fn deaths_of_one(rig: &Rig, program: Program, length: Length) -> Result<Vec<f64>> {
    let setting = Setting::new(Kind::Tcp, OTHERS, INTERVAL.as_secs());
    let victim = format!(
        "virtual_server 10.60.3.250 80 {{\n    delay_loop {}\n    lvs_sched rr\n    lvs_method NAT\n    protocol TCP\n    \
         real_server 10.50.250.1 {VICTIM} {{\n        TCP_CHECK {{\n            retry 0\n        }}\n    }}\n}}\n",
        INTERVAL.as_secs()
    );
    let mut listener = Some(listen(rig)?);
    let (daemon, _) = rig.start(program, &(setting.configuration(1) + &victim))?;
    let mut late = Vec::new();
    for _ in 0..length.deaths {
        let alive = listener.take().map_or_else(|| listen(rig), Ok)?;
        // A check that succeeds, and then the end: the next one is due an interval after this one's end.
        let mut checked = SystemTime::now();
        for _ in 0..2 {
            alive.accept().map_err(Error::io("waiting for a check"))?;
            checked = SystemTime::now();
        }
        let mark = daemon.log().mark();
        drop(alive);
        let removing = format!("Removing service [10.50.250.1]:tcp:{VICTIM}");
        let removed = daemon.log().wait_for_since(mark, &removing, PATIENCE)?.at;
        late.push(ms(keepalived_lab::elapsed(checked, removed)) - ms(INTERVAL));
    }
    rig::stop(daemon)?;
    Ok(late)
}

fn listen(rig: &Rig) -> Result<TcpListener> {
    let open = || TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], VICTIM)));
    let opened = rig.servers.namespace().thread(open)?.join();
    let opened = opened.map_err(|_| Error::Failed("listening panicked".into()))??;
    opened.map_err(Error::io("listening"))
}

/// What became of a half.
struct Mass {
    /// From the death to the last removal, beyond the interval.
    late: f64,
    /// Sends to the kernel.
    sends: f64,
}

/// Half of the servers die in one moment.
pub(super) fn together(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let [ours, original] = [half(rig, PROGRAMS[0], length)?, half(rig, PROGRAMS[1], length)?];
    sheet.section(&format!("half of {} servers die together", length.mass));
    sheet.put(Row::new("last one leaves, late by ms", [ours.late, original.late]));
    // Their checks are due over a whole interval: whoever is due in one turn leaves in one send.
    sheet.put(Row::new("sends to the kernel", [ours.sends, original.sends]).aim(Aim::OfOriginal(1.0)));
    at_one_moment(rig, length, sheet)
}

/// Servers nobody listens at, all of which are checked at one moment.
fn at_one_moment(rig: &Rig, length: Length, sheet: &mut Sheet) -> Result<()> {
    let [ours, original] = PROGRAMS.map(|program| refused_together(rig, program, length.moment));
    let fewest = f64::from(u32::try_from(length.moment.div_ceil(Ipvs::SEND)).unwrap_or(u32::MAX));
    sheet.section(&format!("{} servers fail at one moment", length.moment));
    sheet.put(Row::new("sends to the kernel", [ours?, original?]).aim(Aim::AtMost(fewest)));
    Ok(())
}

fn refused_together(rig: &Rig, program: Program, count: usize) -> Result<f64> {
    let servers = (0..count).map(|number| SocketAddr::from((address(number), VICTIM)));
    let service = SocketAddr::from(([10, 60, 3, 250], 80));
    let requests = IpvsRequests::record(&rig.director)?;
    let (daemon, _) = rig.start(program, &refusing_together(service, servers))?;
    let removals = requests.wait_for("DEL_DEST", count, PATIENCE)?;
    drop(requests);
    rig::stop(daemon)?;
    Ok(count_sends(&removals))
}

fn count_sends(requests: &[IpvsRequest]) -> f64 {
    f64::from(u32::try_from(sends(requests)).unwrap_or(u32::MAX))
}

fn half(rig: &Rig, program: Program, length: Length) -> Result<Mass> {
    let setting = Setting::new(Kind::Tcp, length.mass, MASS_SECONDS).halved();
    let other = rig.other_web()?;
    let (service, servers) = setting.last_service();
    let (daemon, _) = rig.start(program, &setting.configuration(1))?;
    service::wait(&rig.director, service, move |there| there.len() == servers)?;
    std::thread::sleep(setting.interval + Duration::from_secs(3));
    let requests = IpvsRequests::record(&rig.director)?;
    let died = SystemTime::now();
    drop(other);
    let removals = requests.wait_for("DEL_DEST", length.mass / 2, PATIENCE)?;
    drop(requests);
    rig::stop(daemon)?;
    let last = removals.last().map_or(died, |request| request.at);
    let took = ms(keepalived_lab::elapsed(died, last));
    Ok(Mass { late: took - ms(setting.interval), sends: count_sends(&removals) })
}
