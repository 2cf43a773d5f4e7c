//! One service of the kernel's table, watched closely: asking for its servers costs little, whatever else there is.

use std::time::{Duration, Instant};

use keepalived_kernel::ipvs::{Ipvs, Place};
use keepalived_lab::Node;
use keepalived_types::ipvs::{DestinationReport, ServiceKey};

use super::rig::PATIENCE;
use crate::{Error, Result};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks at a service of a node until its servers are as wanted; returns when that was seen.
pub(super) fn wait(
    node: &Node,
    service: ServiceKey,
    wanted: impl Fn(&[DestinationReport]) -> bool + Send + 'static,
) -> Result<Instant> {
    let watching = node.namespace().thread(move || watch(&service, wanted))?;
    let seen = watching.join().map_err(|_| Error::Failed("watching the table panicked".into()))??;
    seen.map_err(Error::Failed)
}

fn watch(
    service: &ServiceKey,
    wanted: impl Fn(&[DestinationReport]) -> bool,
) -> std::result::Result<Instant, String> {
    let mut ipvs = Ipvs::open(&Place::Here).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        // The service is not there yet, or no longer.
        let servers = ipvs.destinations(service).unwrap_or_default();
        if wanted(&servers) {
            return Ok(Instant::now());
        }
        std::thread::sleep(PAUSE);
    }
    Err("the table did not become as wanted".to_owned())
}
