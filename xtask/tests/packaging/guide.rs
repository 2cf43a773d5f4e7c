//! Every command of `docs/guide` is run, on two nodes with the package's files. `docs/guide/README.md` says how blocks are
//! marked.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use keepalived_lab::{Lan, Node, Result};

use crate::support::{shell, shown};

/// Long enough for any single step on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_secs(25);

/// A block, and what is to be done with it.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    /// `conf NODE`: the configuration of a node.
    Configuration(String, String),
    /// `conf check`: a configuration that is only judged.
    Check(String),
    /// `sh NODE...`: commands, and what they print if it is told.
    Commands(Vec<String>, Vec<String>, Option<String>),
    /// `sh not here: REASON`.
    NotHere(String),
}

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("docs/guide")
}

/// The fenced blocks of a page: what stands behind the fence, and the text.
fn fenced(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((info.to_owned(), text.join("\n")));
        }
    }
    blocks
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    for (info, text) in fenced(page) {
        let words: Vec<&str> = info.split_whitespace().collect();
        let block = match words.as_slice() {
            ["conf", "check"] => Block::Check(text),
            ["conf", node] => Block::Configuration((*node).to_owned(), text),
            ["sh", "not", "here:", reason @ ..] => Block::NotHere(reason.join(" ")),
            ["sh", nodes @ ..] if !nodes.is_empty() => {
                let nodes = nodes.iter().map(ToString::to_string).collect();
                Block::Commands(nodes, text.lines().map(str::to_owned).collect(), None)
            }
            ["text"] => match found.pop() {
                Some(Block::Commands(nodes, lines, None)) => Block::Commands(nodes, lines, Some(text)),
                other => panic!("a text with nothing that prints it before it: {other:?}"),
            },
            _ => panic!("nobody knows what to do with a block {info:?}:\n{text}"),
        };
        found.push(block);
    }
    found
}

/// Does the output say what is expected? Blanks count as one; `...` is anything.
fn says(output: &str, expected: &str) -> bool {
    let output = output.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = output.as_str();
    for line in expected.lines() {
        for piece in line.split("...") {
            let piece = piece.split_whitespace().collect::<Vec<_>>().join(" ");
            let Some((_, behind)) = rest.split_once(&piece) else { return false };
            rest = behind;
        }
    }
    true
}

struct Machines {
    a: Node,
    b: Node,
}

impl Machines {
    fn node(&self, name: &str) -> &Node {
        match name {
            "a" => &self.a,
            "b" => &self.b,
            other => panic!("there is no node {other}"),
        }
    }

    fn logs(&self) -> String {
        let log = |node: &Node| node.read_file("/run/daemon.log").unwrap_or_default();
        format!("log of a:\n{}\nlog of b:\n{}", log(&self.a), log(&self.b))
    }

    fn run(&self, block: &Block) -> Result<()> {
        match block {
            Block::NotHere(reason) => assert!(reason.len() > 10, "no reason: {reason:?}"),
            Block::Check(text) => {
                self.a.write_file("/tmp/check.conf", text)?;
                self.judge(&self.a, "/tmp/check.conf")?;
            }
            Block::Configuration(node, text) => {
                let node = self.node(node);
                node.write_file("/etc/keepalived/keepalived.conf", text)?;
                self.judge(node, "/etc/keepalived/keepalived.conf")?;
            }
            Block::Commands(nodes, lines, expected) => {
                for name in nodes {
                    match expected {
                        None => lines.iter().try_for_each(|line| self.once(name, line))?,
                        Some(expected) => self.until(name, &lines.join("\n"), expected)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// `keepalived -t` has nothing to say.
    fn judge(&self, node: &Node, file: &str) -> Result<()> {
        let output = shell(node, &format!("keepalived -t -f {file}"))?;
        assert!(output.status.success() && shown(&output).is_empty(), "{}", shown(&output));
        Ok(())
    }

    fn once(&self, node: &str, line: &str) -> Result<()> {
        let output = shell(self.node(node), line)?;
        let text = shown(&output);
        assert!(output.status.success(), "{line} on {node}: {}\n{text}\n{}", output.status, self.logs());
        Ok(())
    }

    fn until(&self, node: &str, lines: &str, expected: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let output = shell(self.node(node), lines)?;
            if output.status.success() && says(&shown(&output), expected) {
                return Ok(());
            }
            let text = shown(&output);
            assert!(
                Instant::now() < deadline,
                "{lines} on {node} does not print {expected:?} but\n{text}\n{}",
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Does what a page says, from its beginning to its end.
fn follow(page: &str) -> Result<()> {
    let text = std::fs::read_to_string(guide().join(page)).expect("the page");
    let blocks = blocks(&text);
    assert!(blocks.len() > 3, "{page} was not understood: {blocks:?}");
    let lan = Lan::new()?;
    let machines = Machines { a: lan.node("a", &["192.0.2.1/24"])?, b: lan.node("b", &["192.0.2.2/24"])? };
    blocks.iter().try_for_each(|block| machines.run(block))
}

#[test]
fn first_pair() -> Result<()> {
    follow("first-pair.md")
}

#[test]
fn moving_over() -> Result<()> {
    follow("moving-over.md")
}

#[test]
fn cloud_and_unicast() -> Result<()> {
    follow("cloud-and-unicast.md")
}

#[test]
fn fast_fail_over() -> Result<()> {
    follow("fast-fail-over.md")
}

#[test]
fn monitoring() -> Result<()> {
    follow("monitoring.md")
}

#[test]
fn troubles() -> Result<()> {
    follow("troubles.md")
}

#[test]
fn every_page_is_followed_and_every_link_leads_somewhere() {
    let followed = [
        "first-pair.md",
        "moving-over.md",
        "cloud-and-unicast.md",
        "fast-fail-over.md",
        "monitoring.md",
        "troubles.md",
    ];
    let mut pages = 0;
    for entry in std::fs::read_dir(guide()).expect("the guide") {
        let path = entry.expect("a page").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name == "README.md" || followed.contains(&name.as_str()), "{name} is run by no test");
        let text = std::fs::read_to_string(&path).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(guide().join(link).exists(), "{name}: {link} leads nowhere");
        }
        pages += 1;
    }
    assert_eq!(pages, followed.len() + 1);
}

#[test]
fn what_is_expected_is_compared_in_order() {
    assert!(says("a  b\nc d", "a b ... d"));
    assert!(says("a b c", "a\nc"));
    assert!(!says("a b c", "c\na"));
    assert!(!says("a b", "a c"));
    assert!(!says("", "a"));
}

#[test]
fn blocks_are_read_as_the_readme_says() {
    let page =
        "x\n```sh a b\nls\n```\n```text\ny\n```\n```conf a\nz\n```\n```sh not here: it is too cold\nw\n```\n";
    let nodes = vec!["a".to_owned(), "b".to_owned()];
    let expected = [
        Block::Commands(nodes, vec!["ls".to_owned()], Some("y".to_owned())),
        Block::Configuration("a".to_owned(), "z".to_owned()),
        Block::NotHere("it is too cold".to_owned()),
    ];
    assert_eq!(blocks(page), expected);
}
