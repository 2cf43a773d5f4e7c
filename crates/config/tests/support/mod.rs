//! A small table in the shape of the real ones, whose draft is a list of what was applied.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use keepalived_config::args::Args;
use keepalived_config::context::Context;
use keepalived_config::host::FakeHost;
use keepalived_config::keyword::{ItemWord, Keyword, Kind, Section, Status};
use keepalived_config::load::{LoadOptions, LoadedTree, load_tree};
use keepalived_config::render;

/// What was applied, in order.
pub type Log = Vec<String>;

fn note(log: &mut Log, args: &mut Args<'_>, _: &mut Context<'_>) {
    let mut text = args.keyword().to_owned();
    for word in args.rest() {
        text.push('|');
        text.push_str(word.text);
    }
    log.push(text);
}

fn item(log: &mut Log, args: &mut Args<'_>, _: &mut Context<'_>) {
    let words: Vec<&str> = args.rest().map(|word| word.text).collect();
    log.push(format!("item {}", words.join("|")));
}

const fn row(name: &'static str, kind: Kind<Log>) -> Keyword<Log> {
    Keyword { name, usage: "", default: "", help: "", status: Status::Acted, kind }
}

const fn list(name: &'static str) -> Keyword<Log> {
    const WORDS: &[ItemWord] =
        &[ItemWord { name: "dev", usage: "", default: "", help: "", status: Status::Pending }];
    row(
        name,
        Kind::Lines {
            item,
            open: None,
            close: Some(|log, _| log.push("end of list".to_owned())),
            words: WORDS,
        },
    )
}

fn open_named(log: &mut Log, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Log> {
    let name = args.required(context)?;
    log.push(format!("{} {}", args.keyword(), name.text));
    Some(Vec::new())
}

fn close(log: &mut Log, inner: Log, _: &mut Context<'_>) {
    log.extend(inner);
    log.push("end".to_owned());
}

static AUTHENTICATION: Section<Log, Log> = Section {
    keywords: &[row("auth_type", Kind::Line(note)), row("auth_pass", Kind::Line(note))],
    open: |_, _, _| Some(Vec::new()),
    close,
};

static INSTANCE: Section<Log, Log> = Section {
    keywords: &[
        row("interface", Kind::Line(note)),
        row("priority", Kind::Line(note)),
        row("advert_int", Kind::Line(note)),
        Keyword { status: Status::Pending, ..row("accept", Kind::Line(note)) },
        list("virtual_ipaddress"),
        row("authentication", Kind::Block(&AUTHENTICATION)),
    ],
    open: open_named,
    close,
};

static GLOBAL: Section<Log, Log> = Section {
    keywords: &[row("router_id", Kind::Line(note)), row("include_check", Kind::Line(note))],
    open: |_, _, _| Some(Vec::new()),
    close,
};

/// The outermost table.
pub static ROOT: Section<(), Log> = Section {
    keywords: &[
        row("global_defs", Kind::Block(&GLOBAL)),
        row("vrrp_instance", Kind::Block(&INSTANCE)),
        row("net_namespace", Kind::Line(note)),
    ],
    open: |(), _, _| Some(Vec::new()),
    close: |(), _, _| (),
};

pub fn options() -> LoadOptions {
    LoadOptions { config_id: "main".to_owned(), all_includes_checked: false, test_mode: true }
}

pub fn read_from(host: &FakeHost) -> LoadedTree {
    load_tree("/c/main.conf", &options(), host, &ROOT)
}

pub fn read(text: &[u8]) -> LoadedTree {
    read_from(&FakeHost::new().with_file("/c/main.conf", text))
}

/// What is applied, and what is printed.
pub fn apply(text: &str) -> (Log, Vec<String>) {
    let host = FakeHost::new().with_file("/c/main.conf", text);
    let mut loaded = read_from(&host);
    let mut log = Vec::new();
    loaded.apply(&ROOT, &mut log, &host, true);
    let printed = render::plain(&loaded.report, &loaded.sources);
    (log, printed.lines().map(str::to_owned).collect())
}
