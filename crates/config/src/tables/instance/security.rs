//! `authentication` (RFC 2338, VRRPv2 only) and `auth_hmac` (an extension).

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{AuthenticationDraft, AuthenticationKind, HmacDraft, InstanceDraft};
use crate::keyword::{Keyword, Section, Status};
use crate::line::Word;
use crate::tables::row::{acted, block, pending};
use crate::tables::scalar::{lacking, mistaken, unsigned};
use keepalived_vrrp::config::{AntiReplay, HmacKey, HmacMode};
use std::path::Path;
use std::time::Duration;

pub(super) const AUTHENTICATION: Keyword<InstanceDraft> = block(
    Status::Acted,
    "authentication",
    "{ ... }",
    "VRRPv2 authentication. Dropped for VRRPv3 and in strict mode.",
    &AUTHENTICATION_BLOCK,
);

static AUTHENTICATION_BLOCK: Section<InstanceDraft, AuthenticationDraft> = Section {
    keywords: &[AUTH_TYPE, AUTH_PASS],
    open: |draft, args, _| {
        draft.lines.mark("authentication", args.span());
        let earlier = draft.security.authentication.clone().unwrap_or_default();
        Some(AuthenticationDraft { instance: draft.name.clone(), ..earlier })
    },
    close: |draft, authentication, _| draft.security.authentication = Some(authentication),
};

const AUTH_TYPE: Keyword<AuthenticationDraft> = acted(
    "auth_type",
    "PASS|AH",
    "none",
    "A password in clear text, or an IP authentication header (IPv4 only).",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.kind = match word.text {
            "PASS" => Some(AuthenticationKind::Password),
            "AH" => Some(AuthenticationKind::Header),
            other => {
                let message = format!("({}) unknown authentication type '{other}'", draft.instance);
                return mistaken(word, context, message);
            }
        };
    },
);

const AUTH_PASS: Keyword<AuthenticationDraft> = acted(
    "auth_pass",
    "<at most 8 characters>",
    "none",
    "The secret, the same on every router. What is longer than 8 characters is cut.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let bytes = word.bytes();
        if bytes.len() > 8 {
            mistaken(word, context, "Truncating auth_pass to 8 characters");
        }
        let mut password = [0; 8];
        for (to, from) in password.iter_mut().zip(bytes) {
            *to = from;
        }
        draft.password = Some(password);
    },
);

pub(super) const AUTH_HMAC: Keyword<InstanceDraft> = block(
    Status::Pending,
    "auth_hmac",
    "{ ... }",
    "Sign adverts with HMAC-SHA-256 in a trailer. Replaces `authentication`.",
    &AUTH_HMAC_BLOCK,
);

static AUTH_HMAC_BLOCK: Section<InstanceDraft, HmacDraft> = Section {
    keywords: &[KEY, ACTIVE_KEY, TIME_WINDOW, ANTI_REPLAY, MODE],
    open: |draft, args, _| {
        draft.lines.mark("auth_hmac", args.span());
        Some(HmacDraft::default())
    },
    close: |draft, hmac, _| draft.security.hmac = Some(hmac),
};

const KEY: Keyword<HmacDraft> = pending(
    "key",
    "<1-255> <text>|hex:<digits>|file:<path>",
    "",
    "A signing key of 32 to 64 bytes; as many as are needed. A file holds one of the first two forms.",
    key,
);

fn key(draft: &mut HmacDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let (Some(id_word), Some(secret_word)) = (args.next_word(), args.next_word()) else {
        return lacking(args, context, "auth_hmac key requires an id and a secret - ignoring");
    };
    let Some(id) = unsigned::<u8>(id_word, 1..=255, context) else {
        let message = format!("auth_hmac key id '{}' invalid - must be between 1 & 255", id_word.text);
        return mistaken(id_word, context, message);
    };
    if draft.keys.iter().any(|key| key.id == id) {
        return mistaken(id_word, context, format!("auth_hmac key id {id} already specified - ignoring"));
    }
    let Some(secret) = secret(secret_word, context) else { return };
    if !(32..=64).contains(&secret.len()) {
        let message = format!("auth_hmac key {id} has {} bytes - must have 32 to 64", secret.len());
        return mistaken(secret_word, context, message);
    }
    draft.keys.push(HmacKey { id, secret });
}

/// Any access of group or others, in the mode bits of stat(2).
const OTHERS_ACCESS: u32 = 0o077;

/// The bytes of a secret in any of its three forms.
fn secret(word: Word<'_>, context: &mut Context<'_>) -> Option<Vec<u8>> {
    let Some(path) = word.text.strip_prefix("file:") else {
        return literal(&word.bytes(), word, context);
    };
    if let Some(mode) = context.host.file_mode(Path::new(path))
        && mode & OTHERS_ACCESS != 0
    {
        let message = format!("auth_hmac key file {path} is accessible by group or others");
        context.push(
            Diagnostic::at(Class::SecurityError, word.span, message)
                .label(format!("its mode is {mode:04o}"))
                .help(format!("take the permissions away: chmod 600 {path}")),
        );
    }
    match context.host.read(Path::new(path)) {
        Ok(content) => literal(content.trim_ascii(), word, context),
        Err(error) => {
            mistaken(word, context, format!("auth_hmac key file {path} cannot be read: {error}"));
            None
        }
    }
}

/// `hex:...` or text.
fn literal(bytes: &[u8], word: Word<'_>, context: &mut Context<'_>) -> Option<Vec<u8>> {
    let Some(digits) = bytes.strip_prefix(b"hex:") else { return Some(bytes.to_vec()) };
    let decoded: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect();
    if decoded.is_none() {
        mistaken(word, context, "auth_hmac key has invalid hex digits - ignoring");
    }
    decoded
}

/// The value of one hexadecimal digit.
fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

const ACTIVE_KEY: Keyword<HmacDraft> =
    pending("active_key", "<1-255>", "", "The key that adverts are signed with.", |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 1..=255, context) {
            Some(id) => draft.active_key = Some(id),
            None => {
                let message =
                    format!("auth_hmac active_key '{}' invalid - must be between 1 & 255", word.text);
                mistaken(word, context, message);
            }
        }
    });

const TIME_WINDOW: Keyword<HmacDraft> = pending(
    "time_window",
    "<1-300 seconds>",
    "3 times advert_int, at least 5",
    "How far the clocks of two routers may be apart.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 1..=300, context) {
            Some(seconds) => draft.time_window = Some(Duration::from_secs(seconds)),
            None => {
                mistaken(word, context, format!("auth_hmac time_window '{}' invalid - ignoring", word.text))
            }
        }
    },
);

const ANTI_REPLAY: Keyword<HmacDraft> = pending(
    "anti_replay",
    "time|monotonic",
    "time",
    "Judge the age of an advert by clock and window, or by its sequence only.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.anti_replay = match word.text {
            "time" => Some(AntiReplay::Time),
            "monotonic" => Some(AntiReplay::Monotonic),
            other => {
                return mistaken(
                    word,
                    context,
                    format!("unknown auth_hmac anti_replay '{other}' - ignoring"),
                );
            }
        };
    },
);

const MODE: Keyword<HmacDraft> = pending(
    "mode",
    "enforce|permissive|receive-only",
    "enforce",
    "What to do with adverts that are not signed. Roll out as receive-only, then permissive, then enforce.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.mode = match word.text {
            "enforce" => Some(HmacMode::Enforce),
            "permissive" => Some(HmacMode::Permissive),
            "receive-only" => Some(HmacMode::ReceiveOnly),
            other => return mistaken(word, context, format!("unknown auth_hmac mode '{other}' - ignoring")),
        };
    },
);
