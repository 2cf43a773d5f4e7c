//! Files, dumps and reading itself.

use super::{Row, wanted};
use crate::args::Args;
use crate::context::Context;
use crate::keyword::Status;
use crate::line::Word;
use crate::model::JsonVersion;
use crate::tables::row::{acted, inert, line};
use crate::tables::scalar::{ANY_U32, lacking, mistaken, switch, unsigned};
use std::path::PathBuf;

pub(super) const UMASK: Row = acted(
    "umask",
    "<number>|<bit>[|<bit>...]",
    "0177",
    "Mask of the files we make. A bit is IRUSR, IWUSR, IXUSR, IRGRP, IWGRP, IXGRP, IROTH, IWOTH, IXOTH, IRWXU, IRWXG \
     or IRWXO. The command line wins.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        let mask = if word.text.starts_with(|first: char| first.is_ascii_digit()) {
            octal(word, context)
        } else {
            let rest = args.rest_of_line().to_owned();
            bits(word, &rest, context)
        };
        if let Some(mask) = mask {
            global.settings.identity.umask = Some(mask);
        }
    },
);

/// A number as C writes them, at most 0777. The original reads `8` as 0.
fn octal(word: Word<'_>, context: &mut Context<'_>) -> Option<u16> {
    let text = word.text;
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let mask = u16::from_str_radix(digits, radix).ok().filter(|mask| *mask <= 0o777);
    if mask.is_none() {
        mistaken(word, context, format!("invalid umask value {text}"));
    }
    mask
}

/// Names of bits with `|` between them, blanks allowed.
fn bits(first: Word<'_>, rest: &str, context: &mut Context<'_>) -> Option<u16> {
    let text = format!("{} {rest}", first.text);
    let mut mask = 0;
    for name in text.split(['|', ' ', '\t']).filter(|name| !name.is_empty()) {
        let bit = match name {
            "IRUSR" => 0o400,
            "IWUSR" => 0o200,
            "IXUSR" => 0o100,
            "IRGRP" => 0o040,
            "IWGRP" => 0o020,
            "IXGRP" => 0o010,
            "IROTH" => 0o004,
            "IWOTH" => 0o002,
            "IXOTH" => 0o001,
            "IRWXU" => 0o700,
            "IRWXG" => 0o070,
            "IRWXO" => 0o007,
            unknown => {
                mistaken(first, context, format!("Unknown umask bit {unknown}"));
                return None;
            }
        };
        mask |= bit;
    }
    Some(mask)
}

pub(super) const RANDOM_SEED: Row = inert(
    "random_seed",
    "<0-4294967295>",
    "the time",
    "Meant to make ${_RANDOM} repeatable; without effect in the original, too.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, ANY_U32, context) {
            Some(seed) => global.settings.reload.random_seed = Some(seed),
            None => mistaken(word, context, format!("random_seed {} invalid", word.text)),
        }
    },
);

pub(super) const INCLUDE_CHECK: Row = line(
    Status::Acted,
    "include_check",
    "[[+|-]read|match|wildcard_match|brace_match ...]",
    "none; all without a word",
    "What later `include` lines of this file must fulfil.",
    |_, args, context| {
        while let Some(word) = args.next_word() {
            let name = word.text.trim_start_matches(['+', '-']);
            if !matches!(name, "read" | "match" | "wildcard_match" | "brace_match") {
                let message = format!("Unknown include_check type '{}' - ignoring", word.text);
                mistaken(word, context, message);
            }
        }
    },
);

pub(super) const CONFIG_SAVE_DIR: Row = acted(
    "config_save_dir",
    "<directory>",
    "none",
    "Where the whole configuration is saved as it was read.",
    |global, args, context| {
        if let Some(word) = args.required(context) {
            global.settings.files.config_save_dir = Some(PathBuf::from(word.text));
        }
    },
);

pub(super) const TMP_CONFIG_DIRECTORY: Row = acted(
    "tmp_config_directory",
    "<directory>",
    "a memory file",
    "Where the original keeps its merged copy of the configuration. Cannot change at a reload.",
    |global, args, context| {
        let Some(word) = wanted(args, context, "tmp_config_directory missing directory name") else { return };
        if global.settings.files.tmp_config_directory.is_some() {
            return mistaken(word, context, "tmp_config_directory already specified - ignoring");
        }
        global.settings.files.tmp_config_directory = Some(PathBuf::from(word.text));
    },
);

pub(super) const DATA_USE_INSTANCE: Row = acted(
    "data_use_instance",
    "[on|off]",
    "off",
    "Instance and namespace become part of the names of dump files.",
    |global, args, context| {
        // The original misspells its own keyword here.
        let complaint =
            |other: &str| format!("Invalid value '{other}' for global date_use_instance specified");
        if let Some(on) = switch(args, context, complaint) {
            global.settings.files.data_use_instance = on;
        }
    },
);

pub(super) const JSON_VERSION: Row =
    acted("json_version", "1|2", "1", "Layout of the JSON dump.", |global, args, context| {
        let Some(word) = wanted(args, context, "json_version missing - ignoring") else { return };
        match unsigned::<u8>(word, 1..=2, context) {
            Some(1) => global.settings.files.json_version = JsonVersion::V1,
            Some(_) => global.settings.files.json_version = JsonVersion::V2,
            None => mistaken(word, context, format!("json_version '{}' is invalid", word.text)),
        }
    });

/// Exactly one path.
fn path(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<String> {
    let (Some(word), 0) = (args.next_word(), args.remaining()) else {
        lacking(args, context, format!("{} invalid", args.keyword()));
        return None;
    };
    Some(word.text.to_owned())
}

pub(super) const IPROUTE_USR_DIR: Row = acted(
    "iproute_usr_dir",
    "<directory>",
    "/usr/share/iproute2",
    "Where rt_tables and its like are looked up.",
    |global, args, context| {
        if let Some(path) = path(args, context) {
            context.iproute.usr = Some(PathBuf::from(path));
            global.settings.files.iproute_usr_dir.clone_from(&context.iproute.usr);
        }
    },
);

pub(super) const IPROUTE_ETC_DIR: Row = acted(
    "iproute_etc_dir",
    "<directory>",
    "/etc/iproute2",
    "Where rt_tables and its like are looked up first.",
    |global, args, context| {
        if let Some(path) = path(args, context) {
            context.iproute.etc = Some(PathBuf::from(path));
            global.settings.files.iproute_etc_dir.clone_from(&context.iproute.etc);
        }
    },
);

/// A dump file: a path, or a directory that ends in `/`.
fn dump(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<String> {
    let word = wanted(args, context, &format!("{} missing - ignoring", args.keyword()))?;
    Some(word.text.to_owned())
}

pub(super) const STATE_DUMP_FILE: Row = acted(
    "state_dump_file",
    "<path or directory/>",
    "keepalived.data in the directory for temporary files",
    "Where the state is dumped.",
    |global, args, context| global.settings.files.state_dump = dump(args, context),
);

pub(super) const STATS_DUMP_FILE: Row = acted(
    "stats_dump_file",
    "<path or directory/>",
    "keepalived.stats in the directory for temporary files",
    "Where the statistics are dumped.",
    |global, args, context| global.settings.files.stats_dump = dump(args, context),
);

pub(super) const JSON_DUMP_FILE: Row = acted(
    "json_dump_file",
    "<path or directory/>",
    "keepalived.json in the directory for temporary files",
    "Where the JSON dump goes.",
    |global, args, context| global.settings.files.json_dump = dump(args, context),
);
