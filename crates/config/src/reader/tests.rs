//! What the reader makes of lines, comments, includes and definitions.

use super::*;
use crate::host::FakeHost;

/// The logical lines of a file, words joined by `|`, and the messages.
fn read_with(host: &FakeHost, config_id: &str) -> (Vec<String>, Vec<String>) {
    let mut report = Report::default();
    let mut reader = Reader::new(host, config_id, IncludeChecks::default());
    reader.open("/c/main.conf", &mut report);
    let mut lines = Vec::new();
    while let Some(line) = reader.next_line(&mut report) {
        let words: Vec<_> =
            (0..line.len()).filter_map(|index| line.word(index)).map(|word| word.text).collect();
        lines.push(words.join("|"));
        assert!(lines.len() < 3_000_000, "the budget must stop the reader");
    }
    (lines, report.diagnostics().iter().map(|found| found.message.clone()).collect())
}

fn read(text: &str) -> (Vec<String>, Vec<String>) {
    read_with(&FakeHost::new().with_file("/c/main.conf", text), "main")
}

#[track_caller]
fn lines(text: &str, expected: &[&str]) {
    let (lines, messages) = read(text);
    assert_eq!(lines, expected);
    assert_eq!(messages, Vec::<String>::new());
}

#[test]
fn braces_are_lines_wherever_they_stand() {
    lines("a{b}c", &["a", "{", "b", "}", "c"]);
    lines("a \"{\" {\n} b", &["a|{", "{", "}", "b"]);
    lines("a '{'", &["a|'", "{", "'"]);
}

#[test]
fn what_follows_a_brace_is_a_fresh_line() {
    lines("a { @main b } @other c", &["a", "{", "b", "}"]);
    lines("a { $X=1 2\nb $X", &["a", "{", "b|1|2"]);
    lines("a { ~SEQ(I,2) b${I} {\n}", &["a", "{", "b1", "{", "b2", "{", "}"]);
}

#[test]
fn definitions_are_replaced_where_they_are_used() {
    lines("$A=x\na ${A}y $A, $A", &["a|xy|x,|x"]);
    lines("$A=x${B}\n$B=1\na $A\n$B=2\na $A", &["a|x1", "a|x2"]);
    lines("$A=eth0 # comment\ninterface $A", &["interface|eth0"]);
    lines("$A=\na $A b", &["a|b"]);
    lines("a $A ${B}", &["a|$A|$", "{", "B", "}"]);
    lines("$A=\"x y\"\na $A", &["a|x y"]);
    lines("$A=b {\na $A", &["a|b", "{"]);
}

#[test]
fn hash_and_bang_survive_in_quotes_only() {
    lines("a \"x${_HASH}\" b", &["a|x#|b"]);
    lines("a x${_HASH} b", &["a|x"]);
    lines(r"a x\${_BANG} b", &["a|x!|b"]);
}

#[test]
fn a_value_may_introduce_anything() {
    lines("$C=@main\n$C a", &["a"]);
    lines("$C=@other\n$C a", &[]);
    lines("$S=~SEQ(I,2) a$I\n$S", &["a1", "a2"]);
    lines("$D=$X=5\n$D\na $X", &["a|5"]);
}

#[test]
fn lines_of_a_definition_are_replayed() {
    lines("$V=a 1 \\\nb 2 \\\nc 3\n$V\nd", &["a|1", "b|2", "c|3", "d"]);
    lines("$V= \\\n# comment\\\n a \\\n   \n b \\\n\nc\nx $V", &["c", "x|a", "b"]);
    lines("$V=a \\\nb\nx $V y", &["x|$V|y"]);
    lines("$V=${I} { \\\n@main x \\\n}\n~SEQ(I,2) i$V", &["i1", "{", "x", "}", "i2", "{", "x", "}"]);
    lines("$W=c \\\nd\n$V=a \\\n$W\n$V", &["a", "c", "d"]);
}

#[test]
fn sequences_repeat_a_line() {
    lines("~SEQ(I,3) a${I}\nb $I", &["a1", "a2", "a3", "b|3"]);
    lines("~SEQx(I, 9, 11) a${I}", &["a9", "aa", "ab"]);
    lines("~SEQ(I,2) ~SEQ(J,2) a${I}${J}", &["a11", "a12", "a21", "a22"]);
    lines("~LST({a,b},{1,2},{3}) x ${a}${b}y", &["x|12y", "x|3y"]);
    lines("$N=2\n~SEQ(I,$N) a${I}", &["a1", "a2"]);
    lines("~foo ${A} $", &["~foo|$", "{", "A", "}", "$"]);
    assert_eq!(
        read("~SEQ(I,1,0,2) a").1,
        ["Invalid ~SEQ values '~SEQ(I,1,0,2) a'", "Invalid ~SEQ specification '~SEQ(I,1,0,2) a'"]
    );
    assert_eq!(read("~LST v a").1, ["Invalid ~LST specification '~LST v a'"]);
}

#[test]
fn conditions_do_not_nest() {
    lines("@main @other x\n@^main y\nx @main y", &["@other|x", "x|@main|y"]);
}

#[test]
fn quotes_that_are_not_closed_are_reported_once() {
    let (lines, messages) = read("router_id \"a\nb");
    assert_eq!(lines, ["router_id", "b"]);
    assert_eq!(messages, ["Unterminated quote 'router_id \"a'"]);
    let (_, messages) = read("a \"b\\\"");
    assert_eq!(messages, ["Unterminated quote 'a \"b\\\"'"]);
}

#[test]
fn includes_are_read_in_place_and_in_order() {
    let host = FakeHost::new()
        .with_file(
            "/c/main.conf",
            "a\ninclude f*.conf\nb\n~SEQ(I,2) include f${I}.conf\n@main include d/x\nc ${_PWD}",
        )
        .with_file("/c/f1.conf", "one {")
        .with_file("/c/f2.conf", "} two")
        .with_file("/c/d/x", "include y\n$P=${_PWD}\nx $P")
        .with_file("/c/d/y", "y");
    let (lines, messages) = read_with(&host, "main");
    let files = ["one", "{", "}", "two"];
    let expected = [&["a"][..], &files, &["b"], &files, &["y", "x|/c/d", "c|/c"]].concat();
    assert_eq!((lines, messages), (expected.iter().map(|line| (*line).to_owned()).collect(), vec![]));
}

#[test]
fn a_file_that_includes_itself_is_reported() {
    let host = FakeHost::new()
        .with_file("/c/main.conf", "include a\nx")
        .with_file("/c/a", "include ./b\ny")
        .with_file("/c/b", "include main.conf\ninclude a\nz");
    let (lines, messages) = read_with(&host, "main");
    assert_eq!(lines, ["z", "y", "x"]);
    assert_eq!(messages.len(), 2);
    assert!(messages[0].contains("includes itself"));
}

#[test]
fn endless_definitions_are_stopped() {
    assert_eq!(read("$A=${A}\na $A").1.len(), 1);
    assert_eq!(read("$A=x${A}\na $A").1.len(), 1);
    assert!(read("$S=~SEQ(I,2) $S\n$S").1[0].starts_with("the configuration is too large"));
    assert!(read("$V=a \\\n$V\n$V").1[0].starts_with("the configuration is too large"));
    assert!(read("~SEQ(I,1000000000) a").1[0].starts_with("the configuration is too large"));
    assert!(read("~SEQ(I,1000000000)").1[0].starts_with("the configuration is too large"));
    let mut bomb = "$A0=a b c d\n".to_owned();
    for step in 1..40 {
        bomb.push_str(&format!("$A{step}=${{A{0}}}${{A{0}}}\n", step - 1));
    }
    assert_eq!(read(&format!("{bomb}x ${{A39}}")).1.len(), 1);
}

#[test]
fn spans_lead_to_the_text_and_to_its_use() {
    let text = "$IF=eth9\n~SEQ(I,1) i${I} {\ninterface $IF\nlabel x${IF}y\n";
    let host = FakeHost::new().with_file("/c/main.conf", text);
    let mut report = Report::default();
    let mut reader = Reader::new(&host, "main", IncludeChecks::default());
    reader.open("/c/main.conf", &mut report);
    let lines: Vec<Line> = std::iter::from_fn(|| reader.next_line(&mut report)).collect();
    let place = |line: usize, word: usize| {
        let span = lines[line].word(word).expect("the word is there").span;
        let root = reader.sources().root(span);
        ((span.line, span.column, span.length), (root.line, root.column))
    };
    assert_eq!(place(0, 0), ((2, 11, 5), (2, 1)));
    assert_eq!(place(2, 1), ((1, 5, 4), (3, 11)));
    assert_eq!(place(3, 1), ((4, 7, 7), (4, 7)));
}

#[test]
fn a_relative_name_still_gives_an_absolute_directory() {
    let host = FakeHost::new()
        .in_directory("/c")
        .with_file("/c/sub/main.conf", "a ${_PWD}\ninclude more.conf\ninclude ${_PWD}/more.conf")
        .with_file("/c/sub/more.conf", "b");
    let mut report = Report::default();
    let mut reader = Reader::new(&host, "main", IncludeChecks::default());
    assert!(reader.open("sub/main.conf", &mut report));
    let mut lines = Vec::new();
    while let Some(line) = reader.next_line(&mut report) {
        lines.push(line.raw().to_owned());
    }
    assert_eq!(lines, ["a /c/sub", "b", "b"]);
    assert_eq!(report, Report::default());
    let names: Vec<_> = reader.sources().files().iter().map(|file| file.name().to_owned()).collect();
    assert_eq!(names[0], "sub/main.conf", "messages name the file as the user did");
}

#[test]
fn a_pattern_with_several_matches_is_reported() {
    let host = FakeHost::new().with_file("/c/a.conf", "a").with_file("/c/b.conf", "b");
    let mut report = Report::default();
    let mut reader = Reader::new(&host, "main", IncludeChecks::default());
    assert!(reader.open("/c/*.conf", &mut report));
    let messages: Vec<_> = report.diagnostics().iter().map(|found| found.message.as_str()).collect();
    assert_eq!(
        messages,
        ["WARNING, multiple configuration file matches of /c/*.conf, starting with /c/a.conf"]
    );
    assert_eq!(crate::status::of_test(&report), 5);
}
