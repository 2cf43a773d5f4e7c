//! `TCP_CHECK`: can a connection be opened (lvs reference 5.5)?

use crate::attempt::PASSED;
use crate::connect;
use keepalived_lvs::Outcome;
use keepalived_lvs::config::Connection;

/// Passes when the connection is established. It is closed at once, and no data goes over it.
pub(crate) async fn check(connection: &Connection) -> Outcome {
    match connect::stream(connection).await {
        Ok(_closed_at_once) => PASSED,
        Err(why) => why.outcome("timeout", "failed"),
    }
}
