//! What a reload does besides reading.

use super::{Row, flag};
use crate::keyword::Status;
use crate::model::ReloadMarker;
use crate::tables::row::acted;
use crate::tables::scalar::lacking;
use std::path::PathBuf;

pub(super) const RELOAD_CHECK_CONFIG: Row = acted(
    "reload_check_config",
    "[<log file>]",
    "off",
    "Check the new configuration before a reload. Ours is always checked first; this also refuses it for warnings, \
     and writes them to the file.",
    |global, args, _| {
        let path = args.next_word().map_or("/dev/null", |word| word.text);
        global.settings.reload.check_log = Some(PathBuf::from(path));
    },
);

pub(super) const RELOAD_TIME_FILE: Row = acted(
    "reload_time_file",
    "<path>",
    "none",
    "A file that says when to reload.",
    |global, args, context| {
        let (Some(word), 0) = (args.next_word(), args.remaining()) else {
            return lacking(args, context, "reload_time_file invalid");
        };
        global.settings.reload.time_file = Some(PathBuf::from(word.text));
    },
);

pub(super) const RELOAD_REPEAT: Row =
    flag(Status::Acted, "reload_repeat", "Keep reload_time_file after it was used.", |global, _, _| {
        global.settings.reload.repeat = true
    });

pub(super) const RELOAD_FILE: Row = acted(
    "reload_file",
    "[<path>]",
    "none; keepalived.reload beside the pid files without a path",
    "A file that is there while the configuration is being read.",
    |global, args, _| {
        global.settings.reload.marker = Some(match args.next_word() {
            Some(word) => ReloadMarker::Path(PathBuf::from(word.text)),
            None => ReloadMarker::InPidDirectory,
        });
    },
);
